"""A mean that forgets: the longer ago, the less a value counts."""

import math

from drivers import Option
from edge.filters.average import How
from edge.filters.scale import Scale, scale
from edge.filters.smoothing import Smoothing
from edge.reading import GOOD, Quality

FORGOTTEN = 3.0  # time constants after which a doubtful value counts for less than 5 %


class ExponentialMean(Smoothing):
    """A low pass of the first order with the time constant ``tau``; decibels by energy, directions as arrows.

    A new value counts by ``1 - exp(-dt / tau)``, with the seconds that really passed since the one before. So readings
    may come irregularly, and after a long gap it begins anew by itself. A flag stays for three ``tau``. Totals, amounts
    and states go through as they are.
    """

    options = (Option("tau", "duration", 60.0, "time constant", unit="s", low=0.001),)
    smooths = frozenset({How.MEAN, How.MEDIAN, How.ENERGY, How.VECTOR})

    def begin(self, quantity: str, how: How) -> "_Fading":
        """See ``Smoothing``."""
        return _Fading(self.set["tau"] * 1e9, scale(quantity, how))


class _Fading:
    """The mean so far, when it was, and what was doubtful of late; ``tau`` in ticks."""

    def __init__(self, tau: float, other: Scale | None) -> None:
        self._tau, self._scale = tau, other
        self._mean: complex = 0.0
        self._ticks: float = -math.inf
        self._doubt, self._doubted = GOOD, 0

    def smooth(self, ticks: int, value: float, quality: Quality) -> tuple[float, Quality]:
        """See ``Memory``."""
        new = value if self._scale is None else self._scale.there(value)
        self._mean = new + math.exp((self._ticks - ticks) / self._tau) * (self._mean - new)
        self._ticks = ticks
        if quality is not GOOD:
            self._doubt, self._doubted = self._doubt.joined(quality), ticks
        elif self._doubt is not GOOD and ticks - self._doubted > FORGOTTEN * self._tau:
            self._doubt = GOOD
        mean = self._mean.real if self._scale is None else self._scale.back(self._mean)
        return value if mean is None else mean, self._doubt
