"""u-blox UBX frames, and those that make up a fix (u-blox 8 / M8 protocol specification 32.17, F9 HPG 1.32)."""

import struct

from drivers.checks import fletcher, fletcher8
from drivers.driver import Measurement
from drivers.errors import BadData
from drivers.framing import Sized
from drivers.gnss.fix import midnight
from drivers.quality import Reason

NAV_PVT, NAV_DOP, NAV_SAT, NAV_EOE = b"\x01\x07", b"\x01\x04", b"\x01\x35", b"\x01\x61"
MON_VER, MON_HW, MON_RF = b"\x0a\x04", b"\x0a\x09", b"\x0a\x38"
LONG = 92  # bytes of NAV-PVT since protocol 15; 84 before
FIXES = {2: 2.0, 3: 3.0, 4: 3.0, 5: 3.0}  # by fixType; 5 is a timing receiver that holds its surveyed position
RECKONED = 1
QUALITIES = {1: 5.0, 2: 4.0}  # by carrSoln, float and fixed: as GGA has them
VAGUE = 25_000  # mm of horizontal error, one sigma, beyond which a position is doubted
SHORT, OPEN = 3, 4  # states of the antenna
JAMMED = 100  # of 255
RF_BLOCK = 24  # bytes that MON-RF has for each antenna

# year month day hour minute second valid | nano fixType flags numSV | lon lat height hMSL hAcc | gSpeed headMot | pDOP
_PVT = struct.Struct("<4x H5BB 4x iBBxB 4iI 16x 2i 8x H")


def _size(head: bytes) -> int:
    return int.from_bytes(head[4:6], "little") + 8


FRAME = Sized(b"\xb5\x62", 6, _size, fletcher8, 1100)


def frame(kind: bytes, payload: bytes = b"") -> bytes:
    """A message of a kind (class and id)."""
    body = kind + len(payload).to_bytes(2, "little") + payload
    return b"\xb5\x62" + body + fletcher(body)


def measurement(frame: bytes) -> Measurement | None:
    """What a checked UBX frame says; None unless it is NAV-PVT."""
    return nav_pvt(frame[6:-2]) if frame[2:4] == NAV_PVT else None


def nav_pvt(payload: bytes) -> Measurement:
    """The fix of a NAV-PVT message. Raises ``BadData`` when it is too short.

    ``utc`` is flagged until the receiver knows the leap seconds (``fullyResolved``), the position where the
    receiver itself believes to err by more than 25 m.
    """
    _insist(payload, 84, "NAV-PVT")
    *moment, valid, nano, kind, flags, satellites, lon, lat, height, sea, error, speed, course, pdop = _PVT.unpack_from(
        payload
    )
    values = _utc(moment, valid, nano) | {"fix": 0.0, "fix_quality": 0.0, "satellites": float(satellites)}
    doubts = {"utc": Reason.CLOCK} if "utc" in values and not valid & 4 else {}
    if not flags & 1 or kind not in FIXES or _unlocated(payload):
        return Measurement(values, doubts | ({"fix": Reason.INCONSISTENT} if kind == RECKONED else {}))
    if not lat and not lon:
        return Measurement(values, doubts | {"fix": Reason.INCONSISTENT})
    values |= {"fix": FIXES[kind], "fix_quality": QUALITIES.get(flags >> 6, 2.0 if flags & 2 else 1.0)}
    values |= {"latitude": lat / 1e7, "longitude": lon / 1e7, "height": height / 1e3, "altitude": sea / 1e3}
    values |= {"speed": speed / 1e3, "course": course / 1e5, "pdop": pdop / 100}
    vague = dict.fromkeys(("latitude", "longitude"), Reason.INCONSISTENT) if error > VAGUE else {}
    return Measurement(values, doubts | vague)


def nav_dop(payload: bytes) -> dict[str, float]:
    """The horizontal dilution of NAV-DOP; that of position stands in NAV-PVT."""
    _insist(payload, 18, "NAV-DOP")
    return {"hdop": int.from_bytes(payload[12:14], "little") / 100}


def nav_sat(payload: bytes) -> dict[str, float]:
    """How many satellites NAV-SAT lists."""
    _insist(payload, 8 + 12 * payload[5] if len(payload) > 5 else 8, "NAV-SAT")
    return {"satellites_in_view": float(payload[5])}


def disturbed(kind: bytes, payload: bytes) -> bool:
    """Whether MON-HW or MON-RF tells of a broken antenna cable or of jamming."""
    if kind == MON_HW:
        _insist(payload, 60, "MON-HW")
        return payload[20] in (SHORT, OPEN) or payload[45] > JAMMED
    blocks = [payload[at : at + RF_BLOCK] for at in range(4, len(payload) - RF_BLOCK + 1, RF_BLOCK)]
    return any(block[2] in (SHORT, OPEN) or block[16] > JAMMED for block in blocks)


def protocol(payload: bytes) -> float:
    """The protocol version of MON-VER, 0 where the receiver does not tell (u-blox 6 and before)."""
    return float(_extensions(payload).get("PROTVER", 0))


def identity(payload: bytes) -> dict[str, str]:
    """The model (where told) and the firmware of MON-VER; without what is no text."""
    told = _extensions(payload)
    named = {"model": told.get("MOD", ""), "firmware": told.get("FWVER", "") or _text(payload[:30])}
    return {key: text for key, text in named.items() if text and text.isascii() and text.isprintable()}


def _extensions(payload: bytes) -> dict[str, str]:
    """The lines behind the versions, ``MOD=NEO-M8N-0`` or ``PROTVER 14.00``, by their first word; the first counts."""
    lines = (_text(payload[at : at + 30]).replace("=", " ").partition(" ") for at in range(40, len(payload), 30))
    found: dict[str, str] = {}
    for name, _, value in lines:
        found.setdefault(name, value)
    return found


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("ascii", "replace")


def _insist(payload: bytes, size: int, name: str) -> None:
    if len(payload) < size:
        raise BadData(f"{name} has {len(payload)} bytes, not {size}")


def _unlocated(payload: bytes) -> bool:
    """The bit invalidLlh; shorter messages have something else there."""
    return len(payload) >= LONG and bool(payload[78] & 1)


def _utc(moment: list[int], valid: int, nano: int) -> dict[str, float]:
    """``valid``: bit 0 date, bit 1 time. ``nano`` may be negative."""
    year, month, day, hour, minute, second = moment
    start = midnight(year, month, day)
    if valid & 3 != 3 or start is None or year < 1980 or hour > 23 or minute > 59 or second > 60:
        return {}
    return {"utc": start + (hour * 60 + minute) * 60 + second + nano / 1e9}
