"""Whether a sensor in a standard has settled: what a point of a calibration is made of."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

LEAST = 4  # readings that can be judged


@dataclass(frozen=True, slots=True)
class Rest:
    """A run of readings: their mean, the span from the lowest to the highest, and how the later half differs.

    ``drift`` is the mean of the later half less that of the earlier one, and ``allowed`` what chance makes of it: two
    standard errors of that difference, but at least the last digit. All in the unit of the quantity.
    """

    count: int
    mean: float
    spread: float
    drift: float
    allowed: float

    @property
    def steady(self) -> bool:
        """Whether nothing but noise is left."""
        return self.count >= LEAST and abs(self.drift) <= self.allowed


def rest(values: Sequence[float], digit: float) -> Rest:
    """Judges at least two readings in order of time; ``digit`` is the last one that the sensor shows."""
    middle = len(values) // 2
    early, late = values[:middle], values[middle:]
    drift = _mean(late) - _mean(early)
    left = [value - _mean(half) for half in (early, late) for value in half]
    variance = math.fsum(one * one for one in left) / max(1, len(values) - 2)
    error = math.sqrt(variance * (1 / len(early) + 1 / len(late)))
    return Rest(len(values), _mean(values), max(values) - min(values), drift, max(digit, 2 * error))


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
