"""One mean an interval in place of many readings; how many there were, and the extremes, stay with it."""

from collections.abc import Iterable, Mapping
from typing import Any

from drivers import Option, Quantity
from edge.clock import Stamp
from edge.filters.filter import Filter
from edge.reading import GOOD, Level, Reading, Spread


class Mean(Filter):
    """The arithmetic mean over ``interval``, given when the first reading of the next interval comes.

    Intervals are counted in boot ticks. Readings that are bad or missing do not enter the mean; an interval that
    has no others gives one reading without a value, so that a silent device is not averaged away.
    """

    options = (Option("interval", "duration", 60.0, "length of an interval", unit="s", low=0.001),)

    def __init__(self, quantities: Mapping[str, Quantity], **options: Any) -> None:
        """As every filter."""
        super().__init__(quantities, **options)
        self._length = int(self.set["interval"] * 1e9)
        self._open: dict[tuple[str, str], _Interval] = {}

    def __call__(self, reading: Reading) -> Iterable[Reading]:
        """Nothing while the interval lasts; its mean when it is over."""
        start = Stamp(reading.at.boot, reading.at.ticks // self._length * self._length)
        channel = reading.device, reading.quantity
        interval = self._open.get(channel)
        done: list[Reading] = []
        if interval is None or interval.start != start:
            done += [] if interval is None else [interval.result(self._length / 1e9)]
            interval = self._open[channel] = _Interval(start)
        interval.add(reading)
        return done

    def rest(self) -> Iterable[Reading]:
        """The intervals that are not over yet, each with the span it really covers."""
        done = [interval.result(interval.covered) for interval in self._open.values()]
        self._open.clear()
        return done


class _Interval:
    """What one interval of one quantity has gathered."""

    def __init__(self, start: Stamp) -> None:
        self.start = start
        self._count, self._total = 0, 0.0
        self._low = self._high = 0.0
        self._quality = GOOD
        self._last: Reading

    @property
    def covered(self) -> float:
        """Seconds from the start to the last reading."""
        return (self._last.at.ticks - self.start.ticks) / 1e9

    def add(self, reading: Reading) -> None:
        self._last = reading
        value = reading.value
        if value is None or reading.quality.level >= Level.BAD:
            return
        self._low = min(self._low, value) if self._count else value
        self._high = max(self._high, value) if self._count else value
        self._count += 1
        self._total += value
        self._quality = self._quality.flagged(reading.quality.reasons)

    def result(self, span: float) -> Reading:
        if not self._count:
            return self._last._replace(at=self.start, span=span, value=None)
        return self._last._replace(
            at=self.start,
            span=span,
            value=self._total / self._count,
            quality=self._quality,
            raw=None,
            spread=Spread(self._count, self._low, self._high),
        )
