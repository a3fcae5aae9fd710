"""A reading: one value of one quantity, when it was, and how far it can be trusted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import NamedTuple

from drivers import NONE, Reason
from edge.clock import Stamp


class Level(IntEnum):
    """Levels of QARTOD (IOC manuals and guides 54)."""

    GOOD = 1
    NOT_EVALUATED = 2
    SUSPECT = 3
    BAD = 4
    MISSING = 9


# What a reason means for the value; what is not listed makes it suspect.
LEVELS = {
    Reason.OUT_OF_RANGE: Level.BAD,
    Reason.SENSOR_FAULT: Level.BAD,
    Reason.COMM_ERROR: Level.MISSING,
}


@dataclass(frozen=True, slots=True)
class Quality:
    """A level and its reasons. Flags only get worse."""

    level: Level = Level.GOOD
    reasons: Reason = NONE

    def flagged(self, reasons: Reason) -> "Quality":
        """This quality, made worse by ``reasons``."""
        if not reasons:
            return self
        level = max([self.level, *(LEVELS.get(reason, Level.SUSPECT) for reason in Reason if reason in reasons)])
        return Quality(level, self.reasons | reasons)

    def joined(self, other: "Quality") -> "Quality":
        """The quality of what was made of two values: as bad as the worse, for the reasons of both."""
        return Quality(max(self.level, other.level), self.reasons | other.reasons)


GOOD = Quality()
MISSING = GOOD.flagged(Reason.COMM_ERROR)


@dataclass(frozen=True, slots=True)
class Spread:
    """What an interval value was made of: how many readings, and the lowest and highest of them."""

    count: int
    low: float
    high: float

    def through(self, law: Callable[[float], float]) -> "Spread":
        """The limits under a law that only rises or only falls."""
        low, high = sorted((law(self.low), law(self.high)))
        return Spread(self.count, low, high)


class Reading(NamedTuple):
    """One value. ``at`` is the moment, or the start of the ``span`` (seconds) it covers; ``value`` None is missing.

    ``raw`` is the value before calibration or a filter changed it; ``spread`` is what an interval value was made of.
    """

    device: str
    quantity: str
    value: float | None
    unit: str
    at: Stamp
    span: float = 0.0
    quality: Quality = GOOD
    raw: float | None = None
    spread: Spread | None = None

    def flagged(self, reasons: Reason) -> "Reading":
        """The same reading, made worse."""
        return self._replace(quality=self.quality.flagged(reasons))

    def valued(self, value: float) -> "Reading":
        """The same reading with another value; the first value stays as ``raw``."""
        device, quantity, before, unit, at, span, quality, raw, spread = self
        raw = before if raw is None else raw  # _make: three times as fast as _replace
        return Reading._make((device, quantity, value, unit, at, span, quality, raw, spread))


Stored = tuple[int, Reading]  # the seq of a reading, and the reading
UNSTORED = "unstored"  # the lane of copies that are not on the card: they have no seq, and 0 stands for it


@dataclass(frozen=True, slots=True)
class Batch:
    """Readings of one boot, in order of seq, that travel together in a lane: alarm, live, backlog, replay, unstored.

    ``alarm`` says which they are also where a lane carries both.
    """

    node: str
    readings: Sequence[Stored]
    lane: str
    alarm: bool = False

    @property
    def first(self) -> int:
        """The lowest seq."""
        return self.readings[0][0]

    @property
    def last(self) -> int:
        """The highest seq."""
        return self.readings[-1][0]

    @property
    def boot(self) -> str:
        """The boot in which all of them were taken."""
        return self.readings[0][1].at.boot

    @property
    def seqs(self) -> list[int]:
        """All seqs, in order."""
        return [seq for seq, _ in self.readings]

    def halves(self) -> "tuple[Batch, Batch]":
        """The same readings as two batches."""
        middle = len(self.readings) // 2
        return replace(self, readings=self.readings[:middle]), replace(self, readings=self.readings[middle:])
