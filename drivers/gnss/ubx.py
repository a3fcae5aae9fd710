"""u-blox UBX frames, and the one that holds a whole fix (u-blox 8 / M8 protocol specification, 32.17.14)."""

import struct

from drivers.checks import fletcher8
from drivers.driver import Measurement
from drivers.errors import BadData
from drivers.framing import Sized
from drivers.gnss.fix import midnight
from drivers.quality import Reason

NAV_PVT = b"\x01\x07"
LONG = 92  # bytes of NAV-PVT since protocol 15; 84 before
FIXES = {2: 2.0, 3: 3.0, 4: 3.0, 5: 3.0}  # by fixType; 5 is a timing receiver that holds its surveyed position
RECKONED = 1

# year month day hour minute second valid | nano fixType flags numSV | lon lat height hMSL | gSpeed headMot | pDOP
_PVT = struct.Struct("<4x H5BB 4x iBBxB 4i 20x 2i 8x H")


def _size(head: bytes) -> int:
    return int.from_bytes(head[4:6], "little") + 8


FRAME = Sized(b"\xb5\x62", 6, _size, fletcher8, 1100)


def measurement(frame: bytes) -> Measurement | None:
    """What a checked UBX frame says; None unless it is NAV-PVT."""
    return nav_pvt(frame[6:-2]) if frame[2:4] == NAV_PVT else None


def nav_pvt(payload: bytes) -> Measurement:
    """The fix of a NAV-PVT message. Raises ``BadData`` when it is too short.

    ``utc`` is flagged until the receiver knows the leap seconds (``fullyResolved``).
    """
    if len(payload) < 84:
        raise BadData(f"NAV-PVT has {len(payload)} bytes, not 84 or 92")
    *date_time, valid, nano, kind, flags, satellites, lon, lat, height, sea, speed, course, pdop = _PVT.unpack_from(
        payload
    )
    values = _utc(date_time, valid, nano) | {"fix": 0.0, "satellites": float(satellites)}
    doubts = {"utc": Reason.CLOCK} if "utc" in values and not valid & 4 else {}
    if not flags & 1 or kind not in FIXES or _unlocated(payload):
        return Measurement(values, doubts | ({"fix": Reason.INCONSISTENT} if kind == RECKONED else {}))
    if not lat and not lon:
        return Measurement(values, doubts | {"fix": Reason.INCONSISTENT})
    values |= {"fix": FIXES[kind], "latitude": lat / 1e7, "longitude": lon / 1e7}
    values |= {"height": height / 1e3, "altitude": sea / 1e3}
    values |= {"speed": speed / 1e3, "course": course / 1e5, "pdop": pdop / 100}
    return Measurement(values, doubts)


def _unlocated(payload: bytes) -> bool:
    """The bit invalidLlh; shorter messages have something else there."""
    return len(payload) >= LONG and bool(payload[78] & 1)


def _utc(date_time: list[int], valid: int, nano: int) -> dict[str, float]:
    """``valid``: bit 0 date, bit 1 time. ``nano`` may be negative."""
    year, month, day, hour, minute, second = date_time
    start = midnight(year, month, day)
    if valid & 3 != 3 or start is None or year < 1980 or hour > 23 or minute > 59 or second > 60:
        return {}
    return {"utc": start + (hour * 60 + minute) * 60 + second + nano / 1e9}
