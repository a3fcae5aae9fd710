"""gpsd with a receiver beside the town hall of Berlin."""

import json
from datetime import timedelta
from typing import Any

from drivers.sim.buses import SimStream, wave
from drivers.sim.faults import Faults
from drivers.sim.gnss_nmea import BEGIN, KNOTS, latitude, longitude, motion
from drivers.sim.time import Time

DEVICE = {"class": "DEVICE", "path": "/dev/ttyACM0", "driver": "u-blox", "activated": "2026-11-23T11:59:58.000Z"}


class Daemon:
    """Says who it is, and once watched sends SKY and TPV each second."""

    period = 1.0

    def __init__(self) -> None:
        self._watched = False

    def frame(self, at: float) -> bytes:
        """The reports of one second."""
        return _lines(*_reports(round(at))) if self._watched else b""

    def receive(self, data: bytes) -> bytes:
        """The answer to ?WATCH; anything else is no request."""
        if not data.startswith(b"?WATCH={"):
            return _lines({"class": "ERROR", "message": "Unrecognized request"})
        self._watched = True
        version = {"class": "VERSION", "release": "3.25", "rev": "3.25", "proto_major": 3, "proto_minor": 15}
        devices = {"class": "DEVICES", "devices": [DEVICE]}
        return _lines(version, devices, {"class": "WATCH", "enable": True, "json": True})


def _reports(at: int) -> tuple[dict[str, Any], dict[str, Any]]:
    time = f"{BEGIN + timedelta(seconds=at):%Y-%m-%dT%H:%M:%S}.000Z"
    knots, course = motion(at)
    height = round(wave(at, 36.0, 39.0, 240), 3)
    sky = {"class": "SKY", "time": time, "hdop": 0.92, "pdop": 1.71, "nSat": 14, "uSat": 9}
    tpv = {"class": "TPV", "device": DEVICE["path"], "status": 2, "mode": 3, "time": time, "ept": 0.005}
    tpv |= {"lat": round(latitude(at), 9), "lon": round(longitude(at), 9), "altMSL": height, "alt": height}
    return sky, tpv | {"altHAE": height + 42.5, "speed": round(knots / KNOTS, 3), "track": round(course, 4)}


def _lines(*reports: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(report, separators=(",", ":")).encode() + b"\r\n" for report in reports)


def simulator(time: Time, faults: Faults) -> SimStream:
    """A daemon with one receiver."""
    return SimStream(time, faults, Daemon())
