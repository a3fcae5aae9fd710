"""Flags what the place never had in this month."""

from collections.abc import Mapping
from typing import Any

from drivers import REQUIRED, Option, Quantity, Reason
from edge.clock import Stamp
from edge.dates.months import MONTHS, month
from edge.filters.flagger import Flagger
from edge.reading import GOOD, Level, Quality, Reading

UNUSUAL = Quality(Level.SUSPECT, Reason.OUT_OF_RANGE)


class Climatology(Flagger):
    """Outside the limits of its month a value is suspect: ``out_of_range``.

    The climatology test of QARTOD (test 5). ``limits`` are the lowest and the highest value that the place has had in
    each month, in the unit of the quantity, for the value as corrected so far; months are those of UTC. A month
    without limits is not judged. A reading whose date nobody knows yet is judged by the widest limits of the year, and
    not at all where a month has none.
    """

    reasons = Reason.OUT_OF_RANGE
    options = (
        Option(
            "limits",
            "months",
            REQUIRED,
            "[sensor.filter.limits] with the lowest and highest value of months: dec-feb = [-1.0, 9.5]",
        ),
    )

    def __init__(self, quantities: Mapping[str, Quantity], **options: Any) -> None:
        """As every filter; ``limits`` are twelve pairs, None for a month without."""
        super().__init__(quantities, **options)
        limits = self.set["limits"]
        lows, highs = zip(*(pair for pair in limits if pair is not None), strict=True)
        self._limits = (None if None in limits else (min(lows), max(highs)), *limits)  # without a date, then by month
        self._month = 0  # of the reading judged last, from 1; 0 without a date

    def judge(self, reading: Reading, value: float) -> Quality:
        """``out_of_range``, by the month of the reading."""
        self._month = self._of(reading.at)
        limits = self._limits[self._month]
        return GOOD if limits is None or limits[0] <= value <= limits[1] else UNUSUAL

    def about(self, quantity: str) -> str:
        """The month and its limits."""
        return self._told(self._month)

    def setting(self, quantity: str, at: Stamp) -> str:
        """The month of then and its limits."""
        return self._told(self._of(at))

    def _of(self, at: Stamp) -> int:
        utc = self.date(at)
        return 0 if utc is None else month(utc)

    def _told(self, of: int) -> str:
        when, limits = f"in {MONTHS[of - 1]}" if of else "without a date", self._limits[of]
        return f"no limits {when}" if limits is None else f"{when} {limits[0]:g} .. {limits[1]:g}"
