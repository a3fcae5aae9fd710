"""The receiver's side of NMEA 0183: a u-blox M8 beside the town hall of Berlin."""

import math
from datetime import UTC, datetime, timedelta

from drivers.checks import xor8
from drivers.sim.buses import SimStream, wave
from drivers.sim.faults import Faults
from drivers.sim.time import Time

BEGIN = datetime(2026, 11, 23, 12, tzinfo=UTC)  # what the receiver calls the moment 0 of the simulator's time
NORTH, EAST = 52.52004, 13.40495
DEGREE = 111_195.0  # metres of one degree of latitude
KNOTS = 3600 / 1852  # in one m/s
SEARCHING = (
    "GNRMC,,V,,,,,,,,,,N",
    "GNGGA,,,,,,0,00,99.99,,,,,,",
    "GNGSA,A,1,,,,,,,,,,,,,99.99,99.99,99.99",
    "GPGSV,1,1,00",
    "GNVTG,,,,,,,,,N",
)


class Receiver:
    """Sends RMC, GGA, GSA, GSV and VTG every ``period`` seconds; has no fix for ``ttff`` seconds after its birth."""

    def __init__(self, born: float, period: float, ttff: float) -> None:
        self.period = period
        self._born, self._ttff = born, ttff

    def frame(self, at: float) -> bytes:
        """One burst, of the multiple of ``period`` nearest to ``at``."""
        age = round((at - self._born) / self.period) * self.period
        if age <= self._ttff:
            return _lines(SEARCHING)
        return _lines(_fixed(round(self._born / self.period) * self.period + age))

    def receive(self, data: bytes) -> bytes:
        """Takes every command in silence."""
        return b""


def _fixed(at: float) -> tuple[str, ...]:
    now = BEGIN + timedelta(seconds=at)
    clock = f"{now:%H%M%S}.{now.microsecond // 10000:02d}"
    place = f"{_angle(latitude(at), 2)},N,{_angle(longitude(at), 3)},E"
    knots, course = motion(at)
    height = wave(at, 36.0, 39.0, 240)
    return (
        f"GNRMC,{clock},A,{place},{knots:.3f},{course:.2f},{now:%d%m%y},,,A",
        f"GNGGA,{clock},{place},1,09,0.92,{height:.1f},M,42.5,M,,",
        "GNGSA,A,3,02,05,07,13,15,18,21,26,30,,,,1.71,0.92,1.44",
        "GPGSV,1,1,04,02,31,081,34,05,62,204,41,07,24,139,29,13,47,290,38",
        f"GNVTG,{course:.2f},T,,M,{knots:.3f},N,{knots * 1.852:.3f},K,A",
    )


def latitude(at: float) -> float:
    """Degrees; a slow circle around the town hall."""
    return NORTH + wave(at, -0.00010, 0.00010, 300)


def longitude(at: float) -> float:
    """Degrees, to the east."""
    return EAST + wave(at, -0.00015, 0.00015, 420)


def motion(at: float) -> tuple[float, float]:
    """Knots and degrees, from the way of one second."""
    north = (latitude(at) - latitude(at - 1)) * DEGREE
    east = (longitude(at) - longitude(at - 1)) * DEGREE * math.cos(math.radians(NORTH))
    return math.hypot(north, east) * KNOTS, math.degrees(math.atan2(east, north)) % 360


def _angle(degrees: float, width: int) -> str:
    """As ddmm.mmmmm or dddmm.mmmmm."""
    units = round(degrees * 60 * 100_000)
    whole, minutes = divmod(units, 60 * 100_000)
    return f"{whole:0{width}d}{minutes / 100_000:08.5f}"


def _lines(bodies: tuple[str, ...]) -> bytes:
    return b"".join(b"$%b*%02X\r\n" % (body.encode(), xor8(body.encode())) for body in bodies)


def simulator(time: Time, faults: Faults, ttff: str = "0", rate: str = "1") -> SimStream:
    """A receiver that finds its position after ``ttff`` seconds and sends it ``rate`` times a second."""
    return SimStream(time, faults, Receiver(time.now(), 1 / float(rate), float(ttff)))
