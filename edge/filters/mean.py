"""One value an interval in place of many readings; how many there were, and the extremes, stay with it."""

from collections.abc import Iterable, Mapping
from typing import Any

from drivers import Option, Quantity, Reason
from edge.filters.average import STRENGTHS, How, way
from edge.filters.filter import Filter
from edge.filters.grid import Grid
from edge.filters.increment import Increment
from edge.filters.interval import Intervals, strength, usable
from edge.reading import GOOD, Reading

LATE = GOOD.flagged(Reason.STALE)  # of what a total grew by, perhaps in an interval before


class Mean(Filter):
    """One value over each ``interval``, given when the first reading of the next interval comes.

    How depends on the quantity: the arithmetic mean; the energy mean of decibels; the vector mean of directions,
    weighted by the speed that the same device measures; the median of levels, distances and pH; the sum of rain; the
    last of contacts and fixes. A total (volume, pulses, energy) stays as its last value, and beside it comes
    what it grew by, as ``<quantity>_increment``; a total that falls has rolled over at ``modulus`` or was reset, which
    flags the increment ``inconsistent``. ``by`` overrules all that.

    Intervals begin on the full minutes and hours of UTC as soon as the date is known, before that on those of the boot.
    The first one, and one that is cut when the date comes or is put right, is shorter, as its span says. Readings that
    are bad or missing do not enter; an interval that has no others gives one reading without a value, so that a silent
    device is not averaged away. Where less than ``valid`` of the interval is covered (45 of 60 minutes), the value
    stays but is suspect, reason ``stale``: a centre that reports under 2008/50/EC, Annex XI, takes the good ones alone.
    """

    reasons = Reason.STALE | Reason.INCONSISTENT
    options = (
        Option("interval", "duration", 60.0, "length of an interval", unit="s", low=0.001),
        Option(
            "begin", "duration", 0.0, 'when days begin, in UTC: "16h" for those of Beijing', unit="s", low=0, high=86400
        ),
        Option("by", str, None, "how; default: as befits the quantity", choices=tuple(How)),
        Option("valid", float, 0.75, "share of the interval that good readings must cover", low=0, high=1),
        Option(
            "modulus", float, None, "where a total begins with 0 again, in its unit, e.g. 100000 for 5 digits", low=0
        ),
    )

    def __init__(self, quantities: Mapping[str, Quantity], **options: Any) -> None:
        """As every filter."""
        super().__init__(quantities, **options)
        grid = Grid(self.set["interval"], lambda stamp: self.date(stamp), self.set["begin"])
        self._intervals = Intervals(grid, self.set["valid"])
        self._length = self.set["interval"] * 1e9
        self._totals: dict[tuple[str, str], tuple[Increment, int]] = {}

    def __call__(self, reading: Reading) -> Iterable[Reading]:
        """Nothing while the interval lasts; its value when it is over."""
        how = self._way(reading.quantity)
        weight = self._strength(reading) if how is How.VECTOR else 1.0
        done = self._intervals.add(reading, how, weight, self.pace)
        if how is How.DIFFERENCE:
            done += self._intervals.add(self._growth(reading), How.SUM, pace=self.pace)
        return done

    def gives(self, quantity: str | None) -> Mapping[str, Quantity]:
        """The increments of totals too."""
        totals = [
            item
            for name, item in self.quantities.items()
            if quantity in (None, name) and self._way(name) is How.DIFFERENCE
        ]
        grown = [
            Quantity(increment_of(item.name), item.unit, 0, item.high, item.decimals, made=True) for item in totals
        ]
        return {**self.quantities, **{item.name: item for item in grown}}

    def rest(self) -> Iterable[Reading]:
        """The intervals that are not over yet, each with the span it really covers."""
        return self._intervals.rest()

    def _way(self, name: str) -> How:
        return way(name) if self.set["by"] is None else How(self.set["by"])

    def _strength(self, direction: Reading) -> float | None:
        speed = STRENGTHS.get(direction.quantity)
        return strength(direction, None if speed is None else self.look_up(direction.device, speed))

    def _growth(self, total: Reading) -> Reading:
        """What a total grew by, as a reading of its own; flagged where it may have been before this interval."""
        channel, value, quality = total[:2], None, total.quality
        if total.value is not None and usable(total):
            increment, before = self._totals.get(channel) or (Increment(self.set["modulus"]), total.at.ticks)
            value, found = increment.step(total.value)
            if total.at.ticks - before > self._length:
                found = found.joined(LATE)
            quality = found if quality is GOOD else quality.joined(found)
            self._totals[channel] = increment, total.at.ticks
        return Reading(total.device, increment_of(total.quantity), value, total.unit, total.at, total.span, quality)


def increment_of(total: str) -> str:
    """The name of what a total grew by."""
    return f"{total}_increment"
