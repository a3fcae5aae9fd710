"""Fixes out of NMEA 0183 sentences (version 4.11): what belongs to one moment is put together, nothing is made up.

A field that is empty or damaged is absent. There is no position unless every sentence of the moment says so.
"""

import re
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from drivers.driver import Measurement
from drivers.quality import NONE, Reason

Fields = Sequence[str]

KNOT = 1852 / 3600  # m/s
WIDTH = 20  # fields looked at; short sentences are filled up with empty ones
BLANK: Fields = ("",) * WIDTH
TIME_AT = {"GGA": 0, "GNS": 0, "RMC": 0, "GLL": 4, "ZDA": 0}
POSITION_AT = {"GGA": 1, "GNS": 1, "RMC": 2, "GLL": 0}  # best first
SENTENCES = frozenset((*TIME_AT, "GSA", "VTG"))
FIXED: dict[str, Callable[[Fields], bool]] = {
    "RMC": lambda fields: fields[1] == "A",
    "GLL": lambda fields: fields[5] == "A",
    "GGA": lambda fields: (number(fields[5]) or 0) >= 1,
    "GNS": lambda fields: bool(set(fields[5]) - {"N"}),
    "GSA": lambda fields: fields[1] in ("2", "3"),
}
QUALITIES = {"6": "E", "7": "M", "8": "S"}  # of GGA, as the mode of the other sentences
MODES = {"E": Reason.INCONSISTENT, "M": Reason.SENSOR_FAULT, "S": Reason.SENSOR_FAULT}  # reckoned, typed in, simulated

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
_CLOCK = re.compile(r"(\d\d)(\d\d)(\d\d(?:\.\d*)?)")
_COORDINATE = re.compile(r"(\d{0,3}?)(\d{1,2}(?:\.\d*)?)")
_DATE = re.compile(r"(\d\d)(\d\d)(\d\d)")


@dataclass
class Epoch:
    """The sentences of one moment: the first of each kind, of GSA (one for each system) the one with the best fix."""

    time: int | None = None
    parts: dict[str, Fields] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    last: tuple[str, int] = ("", 0)
    told: bool = False

    def ends_before(self, kind: str, time: int | None) -> bool:
        """Whether a sentence with this time (ms of the day) belongs to the next moment."""
        if time is None or self.time is None:
            return kind in TIME_AT and kind in self.seen
        return time != self.time

    def add(self, kind: str, fields: Fields, time: int | None) -> None:
        """Takes a sentence; what comes after the fix was told only counts as seen."""
        self.time = self.time if time is None else time
        self.seen[kind] += 1
        self.last = (kind, self.seen[kind])
        better = kind == "GSA" and fields[1] > self.parts.get(kind, BLANK)[1]
        if not self.told and (better or kind not in self.parts):
            self.parts[kind] = fields


class Fixes:
    """Groups sentences to fixes, each of which is told once.

    A fix is complete when the time changes, when the line falls silent (``close``), or at once with the
    sentence that ended the burst before: the nth of its kind.
    """

    def __init__(self) -> None:
        self._epoch = Epoch()
        self._end = ("", 0)
        self._ready: deque[Measurement] = deque()

    def add(self, kind: str, fields: Fields) -> None:
        """Takes a sentence of ``SENTENCES``: its fields without address and check sum."""
        fields = (*fields, *BLANK)[:WIDTH]
        time = clock(fields[TIME_AT[kind]]) if kind in TIME_AT else None
        if self._epoch.ends_before(kind, time):
            self.close()
        self._epoch.add(kind, fields, time)
        if self._epoch.last == self._end:
            self._tell()

    def close(self) -> None:
        """The burst is over, if there was one: learns the sentence it ended with."""
        if self._epoch.seen:
            self._tell()
            self._end = self._epoch.last
            self._epoch = Epoch()

    def next(self) -> Measurement | None:
        """The oldest complete fix not yet taken."""
        return self._ready.popleft() if self._ready else None

    def _tell(self) -> None:
        got = None if self._epoch.told else fix(self._epoch.parts)
        if got is not None:
            self._ready.append(got)
            self._epoch.told = True


def fix(parts: Mapping[str, Fields]) -> Measurement | None:
    """What the sentences of one moment say together; None when they tell neither position nor time."""
    values = _utc(parts)
    if not parts.keys() & POSITION_AT.keys():
        return Measurement(values) if values else None
    values |= {"fix": 0.0} | _counts(parts)
    if not all(FIXED[kind](fields) for kind, fields in parts.items() if kind in FIXED):
        return Measurement(values)
    place = _place(parts)
    if not place:
        return Measurement(values, {"fix": Reason.INCONSISTENT})
    values |= place | _altitude(parts) | _motion(parts) | _precision(parts)
    mode = parts.get("GSA", BLANK)[1]
    values["fix"] = float(mode) if mode else 3.0 if "altitude" in values else 2.0
    reason = _reason(parts)
    return Measurement(values, dict.fromkeys(values, reason) if reason else {})


def number(text: str) -> float | None:
    """A plain decimal number."""
    return float(text) if _NUMBER.fullmatch(text) else None


def clock(text: str) -> int | None:
    """Milliseconds of the day from hhmmss.sss; 23:59:60 is the leap second."""
    match = _CLOCK.fullmatch(text)
    if not match:
        return None
    hour, minute, second = int(match[1]), int(match[2]), float(match[3])
    limit = 61 if (hour, minute) == (23, 59) else 60
    if hour > 23 or minute > 59 or second >= limit:
        return None
    return (hour * 60 + minute) * 60000 + round(second * 1000)


def midnight(year: int, month: int, day: int) -> float | None:
    """Seconds from 1970 to the beginning of a day; None for a day that no calendar has."""
    try:
        return (date(year, month, day) - date(1970, 1, 1)).days * 86400.0
    except ValueError:
        return None


def coordinate(text: str, side: str, sides: str) -> float | None:
    """Degrees from dddmm.mmmm and its hemisphere, one of ``sides`` ("NS" or "EW")."""
    match = _COORDINATE.fullmatch(text)
    if not match or len(side) != 1 or side not in sides:
        return None
    minutes = float(match[2])
    degrees = int(match[1] or 0) + minutes / 60
    if minutes >= 60 or degrees > (90 if sides == "NS" else 180):
        return None
    return -degrees if side == sides[1] else degrees


def _given(**texts: str) -> dict[str, float]:
    found = {name: number(text) for name, text in texts.items()}
    return {name: value for name, value in found.items() if value is not None}


def _utc(parts: Mapping[str, Fields]) -> dict[str, float]:
    """The year of ZDA has four digits and wins; RMC has two, 80 and more are of the last century."""
    zda, rmc = parts.get("ZDA", BLANK), parts.get("RMC", BLANK)
    for fields, start in ((zda, _zda_day(zda)), (rmc, _rmc_day(rmc))):
        time = clock(fields[0])
        if start is not None and time is not None:
            return {"utc": start + time / 1000}
    return {}


def _zda_day(zda: Fields) -> float | None:
    day, month, year = zda[1:4]
    plain = (day + month + year).isdecimal() and len(year) == 4
    return midnight(int(year), int(month or 0), int(day or 0)) if plain else None


def _rmc_day(rmc: Fields) -> float | None:
    match = _DATE.fullmatch(rmc[8])
    if not match:
        return None
    year = int(match[3])
    return midnight(year + (1900 if year >= 80 else 2000), int(match[2]), int(match[1]))


def _counts(parts: Mapping[str, Fields]) -> dict[str, float]:
    """GNS counts the satellites of all systems, GGA at some receivers only those of GPS."""
    gga, gns = parts.get("GGA", BLANK), parts.get("GNS", BLANK)
    return _given(satellites=gns[6] or gga[6], fix_quality=gga[5])


def _place(parts: Mapping[str, Fields]) -> dict[str, float]:
    """The position, but not 0/0, which is what a receiver's memory holds before it knows."""
    for kind, at in POSITION_AT.items():
        north, ns, east, ew = parts.get(kind, BLANK)[at : at + 4]
        latitude, longitude = coordinate(north, ns, "NS"), coordinate(east, ew, "EW")
        if latitude is not None and longitude is not None:
            return {"latitude": latitude, "longitude": longitude} if latitude or longitude else {}
    return {}


def _altitude(parts: Mapping[str, Fields]) -> dict[str, float]:
    for kind, separation in (("GGA", 10), ("GNS", 9)):
        fields = parts.get(kind, BLANK)
        sea, geoid = number(fields[8]), number(fields[separation])
        if sea is not None:
            return {"altitude": sea} if geoid is None else {"altitude": sea, "height": round(sea + geoid, 3)}
    return {}


def _motion(parts: Mapping[str, Fields]) -> dict[str, float]:
    rmc, vtg = parts.get("RMC", BLANK), parts.get("VTG", BLANK)
    found = _given(speed=rmc[6] or vtg[4], course=rmc[7] or vtg[0])
    return {name: value * KNOT if name == "speed" else value for name, value in found.items()}


def _precision(parts: Mapping[str, Fields]) -> dict[str, float]:
    gga, gns, gsa = (parts.get(kind, BLANK) for kind in ("GGA", "GNS", "GSA"))
    return _given(hdop=gga[7] or gns[7] or gsa[15], pdop=gsa[14])


def _reason(parts: Mapping[str, Fields]) -> Reason:
    rmc, gll, gns, gga = (parts.get(kind, BLANK) for kind in ("RMC", "GLL", "GNS", "GGA"))
    reason = NONE
    for letter in rmc[11] + gll[6] + gns[5] + QUALITIES.get(gga[5], ""):
        reason |= MODES.get(letter, NONE)
    return reason
