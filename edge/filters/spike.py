"""Flags single values that stand out of their neighbours."""

from collections.abc import Mapping
from typing import Any

from drivers import Option, Quantity, Reason
from edge.clock import Stamp
from edge.filters.average import How, goes_round, way
from edge.filters.filter import Unfit
from edge.filters.flagger import Flagger
from edge.filters.history import PerQuantity, Window
from edge.reading import GOOD, Quality, Reading

FOUND = GOOD.flagged(Reason.SPIKE)
SIGMA = 1.4826  # times the median absolute deviation is the standard deviation of Gaussian noise
N, TIMES = 7, 6.0
MEMORY = 100  # readings over which the noise is learnt


class Spike(Flagger):
    """A value further from the median of the ``n`` before it than ``times`` their spread is suspect: ``spike``.

    The Hampel identifier, looking back only: the reading that just came is judged, at once, and no earlier one is ever
    flagged. The spread is the median absolute deviation (times 1.4826) of the ``n``, but at least what it was over the
    last 100 readings, because seven values that happen to agree are no measure of noise; and at least ``floor``: a
    sensor that shows whole steps has no smaller noise. All ``n`` enter whatever was found, so after a true step
    (n + 1) / 2 readings are flagged and no more. The first 2n - 1 readings are not judged, nor those after a gap
    until there are ``n`` again, nor directions and amounts: rain comes in spikes.
    """

    reasons = Reason.SPIKE
    options = (
        Option("n", int, N, "how many readings before this one; odd", low=3, high=99),
        Option("times", float, TIMES, "how many spreads away a value is a spike", low=1),
        Option("floor", float, None, "least spread, in the unit of the quantity; default: its last digit", low=0),
    )

    def __init__(self, quantities: Mapping[str, Quantity], **options: Any) -> None:
        """As every filter."""
        super().__init__(quantities, **options)
        if self.set["n"] % 2 == 0:
            raise Unfit("n", f"'n' = {self.set['n']} is even", f"a median needs an odd number: n = {self.set['n'] + 1}")
        self._series = PerQuantity(self._begin)

    def judge(self, reading: Reading, value: float) -> Quality:
        """``spike``, against the readings before."""
        series = self._series.of(reading)
        return FOUND if series is not None and series.stands_out(reading.at.ticks, value) else GOOD

    def about(self, quantity: str) -> str:
        """The median of the readings before, and how far from it the value might have been."""
        series = self._series.known(quantity)
        return "not judged" if series is None or series.limit is None else series.about

    def setting(self, quantity: str, at: Stamp) -> str:
        """The options: the median of then is forgotten."""
        return super().about(quantity)

    def _begin(self, quantity: str) -> "_Series | None":
        if way(quantity) is How.SUM or goes_round(quantity):
            return None
        floor = self.resolution(quantity) if self.set["floor"] is None else self.set["floor"]
        return _Series(self.set["n"], self.set["times"], floor)


class _Series:
    """The last values of a quantity, and how noisy it is."""

    def __init__(self, size: int, times: float, floor: float) -> None:
        self._window, self._size, self._times, self._floor = Window(size), size, times, floor
        self._noise, self._learnt = 0.0, 0
        self._middle = 0.0
        self.limit: float | None = None  # of the last value's distance from the median; None while it is not judged

    def stands_out(self, ticks: int, value: float) -> bool:
        window = self._window
        window.reach(ticks)
        found, self.limit = False, None
        if len(window.ordered) == self._size:
            self._middle = middle = window.ordered[self._size // 2]
            limit = self._times * self._spread(middle)
            if self._learnt >= self._size:
                self.limit, found = limit, abs(value - middle) > limit > 0.0
        window.add(ticks, value)
        return found

    @property
    def about(self) -> str:
        return f"median {self._middle:g}, limit {self.limit:g}"

    def _spread(self, middle: float) -> float:
        now = SIGMA * sorted([abs(value - middle) for value in self._window.ordered])[self._size // 2]
        if self._learnt < MEMORY:
            self._learnt += 1
        self._noise += (now - self._noise) / self._learnt
        return max(now, self._noise, self._floor)
