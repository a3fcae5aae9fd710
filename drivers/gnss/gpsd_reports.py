"""The reports TPV and SKY of gpsd as quantities (gpsd_json(5))."""

from datetime import datetime
from typing import Any

from drivers.driver import Measurement
from drivers.quality import Reason

FIX = {"latitude": "lat", "longitude": "lon", "height": "altHAE", "speed": "speed", "course": "track"}
SKY = {"hdop": "hdop", "pdop": "pdop", "satellites": "uSat", "satellites_in_view": "nSat"}
QUALITIES = {1: 1, 2: 2, 3: 4, 4: 5, 5: 6, 6: 6, 7: 1, 8: 8}  # status of TPV: the quality that GGA has for it
DOUBTS = {5: Reason.INCONSISTENT, 8: Reason.SENSOR_FAULT}  # reckoned, simulated


def sky(told: dict[str, Any]) -> dict[str, float]:
    """What a SKY report says; a part of the receivers leaves parts out."""
    return _numbers(told, SKY)


def fix(told: dict[str, Any], around: dict[str, float]) -> Measurement:
    """What a TPV report says, and the ``sky`` around it. Raises ``KeyError`` or ``ValueError`` for nonsense."""
    mode, status = int(told["mode"]), told.get("status", 0)
    values = _utc(told) | {name: value for name, value in around.items() if "dop" not in name} | {"fix": 0.0}
    if mode < 2:
        return Measurement(values)
    place = _numbers(told, {"altitude": "alt"}) | _numbers(told, {**FIX, "altitude": "altMSL"})
    if not place.keys() >= {"latitude", "longitude"} or not (place["latitude"] or place["longitude"]):
        return Measurement(values, {"fix": Reason.INCONSISTENT})
    values |= {**around, **place, "fix": min(mode, 3.0)}
    values |= {"fix_quality": float(QUALITIES[status])} if status in QUALITIES else {}
    return Measurement(values, dict.fromkeys(values, DOUBTS[status]) if status in DOUBTS else {})


def _numbers(told: dict[str, Any], names: dict[str, str]) -> dict[str, float]:
    return {ours: float(told[theirs]) for ours, theirs in names.items() if theirs in told}


def _utc(told: dict[str, Any]) -> dict[str, float]:
    """Always UTC, with a Z."""
    text = told.get("time")
    return {} if text is None else {"utc": datetime.fromisoformat(text.removesuffix("Z") + "+00:00").timestamp()}
