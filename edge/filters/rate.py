"""Flags changes that are faster than nature."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from drivers import REQUIRED, Option, Quantity, Reason
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

    options = (
        Option("limit", float, REQUIRED, "the largest believable change, in the unit of the quantity", low=0),
        Option("per", "duration", 60.0, "the time in which it may change so much", unit="s", low=0.001),
    )

    def __init__(self, quantities: Mapping[str, Quantity], **options: Any) -> None:
        """As every filter."""
        super().__init__(quantities, **options)
        self._slope = self.set["limit"] / self.set["per"] / 1e9  # per tick
        self._tracks = PerQuantity(lambda quantity: _Track(self.resolution(quantity)))

    def judge(self, reading: Reading, value: float) -> Quality:
        """``rate``, against the readings before."""
        track, now = self._tracks.of(reading), _Point(reading.at.ticks, value)
        if track.before is None or track.believed is None:
            track.before = track.believed = now
            return GOOD
        followed = any(
            abs(value - point.value) <= self._slope * (now.ticks - point.ticks) + track.step
            for point in (track.before, track.believed)
        )
        track.before = now
        if followed:
            track.believed = now
        return GOOD if followed else FOUND


class _Point(NamedTuple):
    ticks: int
    value: float


class _Track:
    """Where a quantity was, and the step in which it shows itself."""

    def __init__(self, step: float) -> None:
        self.step = step
        self.before: _Point | None = None
        self.believed: _Point | None = None
