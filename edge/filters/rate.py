"""Flags changes that are faster than nature."""

from collections.abc import Mapping
from typing import Any

from drivers import REQUIRED, Option, Quantity, Reason
from edge.filters.average import goes_round
from edge.filters.flagger import Flagger
from edge.filters.history import PerQuantity
from edge.reading import GOOD, Quality, Reading

FOUND = GOOD.flagged(Reason.RATE)


class Rate(Flagger):
    """A value that changed by more than ``limit`` in ``per`` is suspect: ``rate``. Up and down alike.

    Measured against two values, the one before and the last one that was not too fast, each with the time that has
    passed; only what neither can have become is flagged. So of a spike the spike is flagged and not the way back, of
    a step one reading. The last digit of the quantity is allowed on top, since a slow change shows itself in steps.
    """

    reasons = Reason.RATE
    options = (
        Option("limit", float, REQUIRED, "the largest believable change, in the unit of the quantity", low=0),
        Option("per", "duration", 60.0, "the time in which it may change so much", unit="s", low=0.001),
    )

    def __init__(self, quantities: Mapping[str, Quantity], **options: Any) -> None:
        """As every filter."""
        super().__init__(quantities, **options)
        self._slope = self.set["limit"] / self.set["per"] / 1e9  # per tick
        self._tracks = PerQuantity(lambda quantity: _Track(self.resolution(quantity), goes_round(quantity)))

    def judge(self, reading: Reading, value: float) -> Quality:
        """``rate``, against the readings before."""
        return GOOD if self._tracks.of(reading).follows(reading.at.ticks, value, self._slope) else FOUND


class _Track:
    """Where a quantity was, in the step in which it shows itself: just before, and when it was last believed."""

    def __init__(self, step: float, turns: bool) -> None:
        self._step, self._turns = step, turns
        self._value = self._believed = 0.0
        self._ticks = self._believed_ticks = -1

    def follows(self, ticks: int, value: float, slope: float) -> bool:
        """Whether the value can have come from one of both, at ``slope`` a tick."""
        believed = (
            self._ticks < 0
            or self._apart(value, self._value) <= slope * (ticks - self._ticks) + self._step
            or self._apart(value, self._believed) <= slope * (ticks - self._believed_ticks) + self._step
        )
        self._value, self._ticks = value, ticks
        if believed:
            self._believed, self._believed_ticks = value, ticks
        return believed

    def _apart(self, one: float, other: float) -> float:
        """How far two values lie from each other; directions the shorter way round."""
        return abs((one - other + 180) % 360 - 180) if self._turns else abs(one - other)
