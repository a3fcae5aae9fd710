"""Readings in, one value an interval out, with its span, spread and quality."""

import math

from drivers import NONE, Reason
from edge.clock import Stamp
from edge.filters.average import Average, How, average
from edge.filters.grid import Bounds, Grid
from edge.reading import GOOD, Level, Quality, Reading


class Intervals:
    """The open intervals of many channels, on a grid; ``valid`` is the share that must be covered."""

    def __init__(self, grid: Grid, valid: float = 0.0) -> None:
        self._grid, self._valid = grid, valid
        self._open: dict[tuple[str, str], _Interval] = {}

    def add(self, reading: Reading, how: How, weight: float | None = 1.0, pace: float | None = None) -> list[Reading]:
        """The value of the interval before, if the reading begins another one.

        Without ``weight`` the reading cannot count; ``pace`` is the longest time in seconds that it stands for.
        The first interval of a channel begins with its first reading.
        """
        channel, (boot, ticks) = reading[:2], reading.at
        interval = self._open.get(channel)
        if interval is not None and interval.boot == boot:
            if not interval.dated:
                interval.date(self._grid.around(reading.at), self._grid.longest)
            if interval.start <= ticks < interval.end:
                interval.add(reading, weight, pace)
                return []
        before = interval.end if interval is not None and interval.boot == boot else None
        coverage = Coverage() if interval is None else interval.coverage.next()
        self._open[channel] = new = _Interval(boot, self._grid.around(reading.at, before), how, coverage)
        new.add(reading, weight, pace)
        return [] if interval is None else [interval.result(interval.end, self._valid)]

    def rest(self) -> list[Reading]:
        """The values of the intervals that are not over, each with the span it really covers."""
        done = [interval.result(interval.latest, self._valid) for interval in self._open.values()]
        self._open.clear()
        return done


def strength(direction: Reading, speed: Reading | None) -> float | None:
    """How much a direction counts: by the speed of the same moment, 1 where nobody measures one, None without it."""
    if speed is None:
        return 1.0
    return speed.value if speed.at == direction.at and usable(speed) else None


def usable(reading: Reading) -> bool:
    """Whether its value may enter a statistic."""
    value, quality = reading.value, reading.quality
    return value is not None and (quality is GOOD or quality.level < Level.BAD) and math.isfinite(value)


class Coverage:
    """The nanoseconds that good readings stand for: each the time since the one before, its pace at most."""

    def __init__(self, before: int | None = None) -> None:
        self._before = before  # ticks
        self._covered, self._known = 0, True

    def add(self, reading: Reading, pace: float | None) -> None:
        """One more good reading; without its ``pace`` (s) nobody knows what to expect, and all counts as covered."""
        ticks, span, reach = reading.at.ticks, int(reading.span * 1e9), int((pace or 0.0) * 1e9)
        if span or self._before is None:
            self._covered += max(span, reach)
        else:
            self._covered += min(reach, ticks - self._before)
        self._before, self._known = ticks, pace is not None

    def share(self, length: int) -> float:
        """How much of ``length`` nanoseconds is covered."""
        return self._covered / length if self._known and length else 1.0

    def next(self) -> "Coverage":
        """Of the interval that follows."""
        return Coverage(self._before)


class _Interval:
    """What one interval of one quantity has gathered."""

    def __init__(self, boot: str, bounds: Bounds, how: How, coverage: Coverage) -> None:
        self.boot = boot
        self.start, self.end, self.dated = bounds
        self.coverage = coverage
        self._how = how
        self._values: Average | None = None
        self._quality = GOOD
        self._raw: float | None = None
        self._last: Reading

    @property
    def latest(self) -> int:
        """Ticks of the last reading."""
        return self._last.at.ticks

    def date(self, now: Bounds, longest: int) -> None:
        """Ends it with the interval of the calendar that holds this moment, unless that makes it too long."""
        self.dated = now.dated
        if now.dated and now.end - self.start <= longest:
            self.end = now.end

    def add(self, reading: Reading, weight: float | None, pace: float | None) -> None:
        """One more reading; without ``weight`` it cannot count, and what is bad does not leave a trace."""
        self._last = reading
        value, quality = reading.value, reading.quality
        if quality is not GOOD:
            if quality.level >= Level.BAD:
                return
            if quality is not self._quality:
                self._quality = quality if self._quality is GOOD else self._quality.joined(quality)
        if value is None or weight is None or not math.isfinite(value):
            return
        if self._values is None:
            self._values = average(reading.quantity, self._how)
        self._values.add(value, weight, reading.spread)
        self._raw = reading.raw
        self.coverage.add(reading, pace)

    def result(self, end: int, valid: float) -> Reading:
        """The value up to ``end`` in ticks, suspect where less than the share ``valid`` of the time is covered."""
        length = end - self.start
        whole = self._last._replace(at=Stamp(self.boot, self.start), span=length / 1e9)
        value = None if self._values is None else self._values.value()
        if self._values is None or value is None or not math.isfinite(value):
            return whole._replace(value=None, quality=self._missing(), spread=None)
        stale = Reason.STALE if self.coverage.share(length) < valid else NONE
        return whole._replace(
            value=value,
            quality=self._quality.flagged(stale),
            raw=self._raw if self._how in (How.LAST, How.DIFFERENCE) else None,
            spread=self._values.spread(),
        )

    def _missing(self) -> Quality:
        """Why there is no value: what is wrong with the last reading, or nothing more than that it cannot be told."""
        last = self._last.quality
        return last if last.level >= Level.BAD else self._quality.joined(Quality(Level.MISSING))
