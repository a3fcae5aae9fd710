"""The calibration records of a node, in its small state: none is overwritten, and the newest of a part is in force.

A record belongs to the part that it was made of, by its serial number: under another name on this node it goes on, and
another part in its place is not corrected by it, but flagged.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from threading import RLock
from typing import Any, NamedTuple

from drivers import NONE, Reason
from edge.calibration.record import Record, record
from edge.clock import Clock, Stamp
from edge.errors import StorageError
from edge.filters.calibrate import calibrated
from edge.maths.curve import Curve
from edge.reading import Reading
from edge.state import State

log = logging.getLogger("edge.logbook")

MOST = 100  # records kept; beyond that the oldest go that are not in force
TABLE = "calibration"


class Law(NamedTuple):
    """What happens to the readings of a quantity: the curve for values in ``unit``, and what flags them."""

    curve: Curve | None
    unit: str
    flags: Reason


class Logbook:
    """All calibrations of a node; safe from any thread."""

    def __init__(self, state: State, clock: Clock, tell: Callable[..., None]) -> None:
        """``tell`` takes an event. A record that makes no sense in the state is passed over."""
        self._state, self._clock, self._tell, self._lock = state, clock, tell, RLock()
        saved = state.load(TABLE)
        self._records = list(_sound(saved.get("records", [])))
        self._last = max([saved.get("last", 0), *(one.number for one in self._records)])
        self._parts: dict[str, str] = saved.get("parts", {})  # what hangs there, by sensor
        self._told: set[int] = set(saved.get("told", []))  # the overdue ones that an event was made of
        self._standing: dict[str, dict[str, Record]] = {}
        self._laws: dict[str, dict[str, Law]] = {}
        self._limited: list[Record] = []  # those in force that have to be made anew some day
        self._overdue: set[int] = set()
        self._settle()

    def applied(self, readings: Sequence[Reading]) -> Sequence[Reading]:
        """The readings of one device, corrected by the records that are in force."""
        laws = self._laws.get(readings[0].device) if readings else None
        return [_under(laws.get(one.quantity), one) for one in readings] if laws else readings

    def seen(self, sensor: str, driver: str, identity: Mapping[str, str]) -> None:
        """A device was opened and has said who it is, as far as it can."""
        part = f"{driver} {identity['serial']}" if "serial" in identity else ""
        with self._lock:
            was = self._parts.get(sensor)
            if was == part:
                return
            self._parts[sensor] = part
            self._settle()
        if was is not None and (laws := self._laws.get(sensor)):
            strange = sorted(quantity for quantity, law in laws.items() if law.curve is None)
            state = "another part" if strange else "known part"
            log.warning("%s is another part now: %r, it was %r; not calibrated: %s", sensor, part, was, strange)
            self._tell("calibration", state=state, sensor=sensor, part=part, was=was, uncalibrated=strange)
        self._try_to_save()

    def add(self, made: Record) -> Record:
        """A new record, in force from now on; its number, part and dates are given here.

        Raises ``StorageError`` where it is in force but not on the card yet.
        """
        with self._lock:
            now = self._clock.now()
            self._last += 1
            done = replace(made, number=self._last, part=self.part(made.sensor), at=now, since=None)
            self._records.append(self._dated(done))
            self._settle()
            self._forget()
        self._tell("calibration", state=_state(done), **_short(self._records[-1]))
        self.save()
        return self._records[-1]

    def undo(self, sensor: str, quantity: str, by: str) -> Record:
        """Goes back to the record before, by a new one. Raises ``ValueError`` where there is none to undo."""
        with self._lock:
            now = self.in_force(sensor).get(quantity)
            if now is None:
                raise ValueError(f"{sensor}/{quantity} has no calibration in force that could be undone")
            own = [one for one in self._mine(sensor, quantity) if one.curve is not None and not one.restores]
            before = [one for one in own if one.number < (now.restores or now.number)]
            if before:
                return self.add(replace(before[-1], sensor=sensor, by=by, restores=before[-1].number))
            return self.add(Record(0, sensor, "", quantity, now.unit, None, now.at, by))

    def in_force(self, sensor: str) -> dict[str, Record]:
        """The records that count for the part that hangs there now, by quantity."""
        return dict(self._standing.get(sensor, {}))

    def records(self, sensor: str) -> list[Record]:
        """All of a sensor and of the part that hangs there, the oldest first."""
        with self._lock:
            return [one for one in self._records if sensor == one.sensor or one.holds_for(sensor, self.part(sensor))]

    def then(self, sensor: str, quantity: str, at: Stamp) -> Record | None:
        """The record that was in force for a sensor's quantity at a moment, as far as that can be known."""
        found = [one for one in self.records(sensor) if one.quantity == quantity and self._before(one, at)]
        return found[-1] if found and found[-1].curve is not None else None

    def part(self, sensor: str) -> str:
        """What hangs there, as ``Record.part`` has it."""
        return self._parts.get(sensor, "")

    def about(self, sensor: str, quantity: str) -> str:
        """What is done to a quantity now, for people; "" where nothing is."""
        law, record = self._laws.get(sensor, {}).get(quantity), self.in_force(sensor).get(quantity)
        if record is not None:
            return record.about
        return "" if law is None else "made of another part, and not applied"

    def tick(self) -> None:
        """Dates what was made before the clock was known, and tells of what is overdue. Once a second is enough."""
        undated = any(one.since is None or one.made is None for one in self._records)
        if not undated and {one.number for one in self._late()} == self._overdue:
            return
        with self._lock:
            dated = [self._dated(one) for one in self._records]
            changed, self._records = dated != self._records, dated
            self._settle()
            news = [one for one in self._late() if one.number not in self._told]
            self._told.update(one.number for one in news)
        for one in news:
            log.warning("the calibration of %s/%s is overdue", one.sensor, one.quantity)
            self._tell("calibration", state="overdue", **_short(one))
        if changed or news:
            self._try_to_save()

    def save(self) -> None:
        """Keeps everything. Raises ``StorageError``; a later save then tries again."""
        with self._lock:
            records = [one.as_dict() for one in self._records]
            values = {"records": records, "last": self._last, "parts": dict(self._parts), "told": sorted(self._told)}
            if records or self._parts:
                self._state.save(TABLE, values)

    def _try_to_save(self) -> None:
        try:
            self.save()
        except StorageError as error:
            log.error("the calibration records could not be saved yet: %s", error)

    def _mine(self, sensor: str, quantity: str) -> list[Record]:
        part = self.part(sensor)
        return [one for one in self._records if one.quantity == quantity and one.holds_for(sensor, part)]

    def _settle(self) -> None:
        """Makes ready what ``applied`` needs."""
        sensors = {*self._parts, *(one.sensor for one in self._records)}
        self._standing = {sensor: self._newest(sensor) for sensor in sensors}
        self._limited = [one for one in self._needed().values() if one.lasts is not None]
        self._overdue = {one.number for one in self._late()}
        self._laws = {sensor: laws for sensor in sensors if (laws := self._laws_of(sensor))}

    def _newest(self, sensor: str) -> dict[str, Record]:
        found = {one.quantity: one for one in self._records if one.holds_for(sensor, self.part(sensor))}
        return {quantity: one for quantity, one in found.items() if one.curve is not None}

    def _needed(self) -> dict[int, Record]:
        """All that are in force anywhere."""
        return {one.number: one for standing in self._standing.values() for one in standing.values()}

    def _laws_of(self, sensor: str) -> dict[str, Law]:
        """A quantity that has records, but none of the part that hangs there now, is only flagged."""
        laws = {}
        for one in self.records(sensor):  # the oldest first: the newest of this part has the last word
            if one.holds_for(sensor, self.part(sensor)):
                flags = Reason.UNCALIBRATED if one.number in self._overdue else NONE
                laws[one.quantity] = Law(one.curve, one.unit, flags)
            elif one.quantity not in laws and one.curve is not None:
                laws[one.quantity] = Law(None, one.unit, Reason.UNCALIBRATED)
        return {quantity: law for quantity, law in laws.items() if law.curve or law.flags}

    def _late(self) -> list[Record]:
        utc = self._date(self._clock.now()) if self._limited else None
        return [one for one in self._limited if one.overdue(utc)]

    def _date(self, at: Stamp) -> float | None:
        utc = self._clock.utc(at)
        return None if utc is None else round(utc / 1e9, 3)

    def _dated(self, one: Record) -> Record:
        """With its dates, where they can be known by now; one that brings another back was made when that was."""
        since = self._date(one.at) if one.since is None else one.since
        origin = (
            next((old.made for old in self._records if old.number == one.restores), None) if one.restores else since
        )
        return replace(one, since=since, made=origin if one.made is None else one.made)

    def _before(self, one: Record, at: Stamp) -> bool:
        if one.at.boot == at.boot:
            return one.at.ticks <= at.ticks
        utc = self._date(at)
        return utc is not None and one.since is not None and one.since <= utc

    def _forget(self) -> None:
        """Keeps within bounds: the oldest that is not in force goes."""
        needed = self._needed()
        while len(self._records) > MOST:
            self._records.remove(next((one for one in self._records if one.number not in needed), self._records[0]))


def _sound(saved: Any) -> Iterator[Record]:
    for one in saved if isinstance(saved, list) else []:
        try:
            yield record(one)
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            log.error("a calibration record in the state makes no sense and does not count: %r (%s)", one, error)


def _under(law: Law | None, reading: Reading) -> Reading:
    if law is None or reading.value is None:
        return reading
    if law.curve is None or law.unit != reading.unit:
        return reading.flagged(Reason.UNCALIBRATED)
    return calibrated(reading, law.curve).flagged(law.flags)


def _state(one: Record) -> str:
    return "taken back" if one.curve is None else "brought back" if one.restores else "in force"


def _short(one: Record) -> dict[str, Any]:
    """What an event says of a record."""
    told = one.as_dict()
    return {name: told[name] for name in ("number", "sensor", "part", "quantity", "curve", "by", "due", "certificate")}
