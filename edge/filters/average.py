"""How a quantity is averaged, and the arithmetic of it: no clock, no interval, no reading."""

import math
from abc import ABC, abstractmethod
from array import array
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import final

from drivers import is_total
from edge.reading import Spread

MEDIAN_OF = 4096  # values that a median is taken of at most: of more every second one, then every fourth


class How(StrEnum):
    """What one value stands for many values."""

    MEAN = "mean"
    ENERGY = "energy"  # of decibels: the level of the mean power, Leq of ISO 1996-1
    VECTOR = "vector"  # of directions: where the sum of the arrows points
    MEDIAN = "median"
    SUM = "sum"  # of amounts, each since the one before
    DIFFERENCE = "difference"  # of a total: its last value, and beside it what it grew by
    LAST = "last"
    MAX = "max"
    MIN = "min"


# The one place that knows it; what is not listed has an arithmetic mean.
WAYS: dict[str, How] = {
    "sound_level": How.ENERGY,
    "course": How.VECTOR,
    "wind_direction": How.VECTOR,
    "longitude": How.VECTOR,  # a ship at the date line is not in Africa
    "level": How.MEDIAN,  # a wave or an echo from a branch is no water
    "distance": How.MEDIAN,
    "ph": How.MEDIAN,  # a logarithm: its mean is not that of the acid, its median is
    "rain": How.SUM,  # since the last reading; "rain_total" is the total
    "contact": How.LAST,
    "fix": How.LAST,
    "fix_quality": How.LAST,
    "utc": How.LAST,
}
ENDINGS: dict[str, How] = {"min": How.MIN, "max": How.MAX, "increment": How.SUM}

# A direction counts by how strongly it blew or how fast it went, where the device measures that too.
STRENGTHS: dict[str, str] = {"course": "speed", "wind_direction": "wind_speed"}


@lru_cache(maxsize=512)  # asked for every reading
def way(name: str) -> How:
    """How a quantity is averaged; ``level_upstream`` as ``level``, ``sound_level_max`` by its highest."""
    stem, _, ending = name.rpartition("_")
    if ending in ENDINGS and stem:
        return ENDINGS[ending]
    if is_total(name):
        return How.DIFFERENCE
    while name:
        if name in WAYS:
            return WAYS[name]
        name = name.rpartition("_")[0]
    return How.MEAN


def goes_round(name: str) -> bool:
    """Whether 359 and 1 are neighbours; of a longitude only at the date line, which is not worth the trouble."""
    return way(name) is How.VECTOR and name.partition("_")[0] != "longitude"


class Average(ABC):
    """One value out of many finite ones; ``count`` is how many went in."""

    def __init__(self) -> None:
        self.count = 0
        self._low = self._high = 0.0

    @final
    def add(self, value: float, weight: float = 1.0, spread: Spread | None = None) -> None:
        """One more value; ``spread`` is what it was made of, if it is an average itself."""
        if spread is None:
            self._extend(value, value, value)
            self.count += 1
            self._add(value, weight)
        else:
            self._extend(value, spread.low, spread.high)
            self.count += spread.count
            self._add(value, weight * spread.count)

    @abstractmethod
    def value(self) -> float | None:
        """What they come to; None where that has no meaning, as for winds that cancel out."""

    @abstractmethod
    def _add(self, value: float, weight: float) -> None:
        """Hook: takes the value into account."""

    def spread(self) -> Spread:
        """How many there were, and the lowest and the highest."""
        return Spread(self.count, self._low, self._high)

    def _extend(self, value: float, low: float, high: float) -> None:
        if not self.count or low < self._low:
            self._low = low
        if not self.count or high > self._high:
            self._high = high


class Mean(Average):
    """The sum by the number."""

    def __init__(self) -> None:
        super().__init__()
        self._total = self._weight = 0.0

    def value(self) -> float | None:
        """The arithmetic mean."""
        return self._total / self._weight

    def _add(self, value: float, weight: float) -> None:
        self._total += value * weight
        self._weight += weight


class Energy(Average):
    """The level of the mean power of levels in dB: ``10 lg(mean(10^(L/10)))`` (ISO 1996-1:2016, 3.6.4)."""

    def __init__(self) -> None:
        super().__init__()
        self._top = -math.inf  # powers are kept relative to the highest level, so that none overflows
        self._power = self._weight = 0.0

    def value(self) -> float | None:
        """The equivalent continuous level in dB."""
        return self._top + 10 * math.log10(self._power / self._weight)

    def _add(self, value: float, weight: float) -> None:
        if value > self._top:
            self._power *= 10 ** ((self._top - value) / 10)
            self._top = value
        self._power += weight * 10 ** ((value - self._top) / 10)
        self._weight += weight


class Vector(Average):
    """The direction of the sum of arrows, in degrees from ``start`` on; ``low`` and ``high`` may run through north.

    An arrow is as long as its weight (WMO-No. 8, chapter 5: the mean wind vector). Values from 350 to 10 have 0 as
    their direction and -10 and 10 as their limits; what goes all the way round has ``start`` to ``start + 360``.
    """

    CANCELLED = 1e-9  # length of the sum by that of the arrows, below which it points nowhere

    def __init__(self, start: float = 0.0) -> None:
        super().__init__()
        self._start = start
        self._first = self._east = self._north = self._weight = 0.0

    def value(self) -> float | None:
        """The direction, None where the arrows cancel each other out or have no length."""
        if math.hypot(self._east, self._north) <= self.CANCELLED * self._weight:
            return None
        return self._wrapped(math.degrees(math.atan2(self._east, self._north)), self._start)

    def spread(self) -> Spread:
        """The arc that the values lie on, through the mean direction."""
        mean = self.value()
        if mean is None or self._high - self._low >= 180:
            return Spread(self.count, self._start, self._start + 360)
        turn = mean - self._first - self._wrapped(mean - self._first, -180.0)
        return Spread(self.count, self._first + self._low + turn, self._first + self._high + turn)

    def _extend(self, value: float, low: float, high: float) -> None:
        """Limits are kept as angles from the first value."""
        if not self.count:
            self._first = value
        angle = self._wrapped(value - self._first, -180.0)
        self._low, self._high = min(self._low, angle + low - value), max(self._high, angle + high - value)

    def _add(self, value: float, weight: float) -> None:
        self._east += weight * math.sin(math.radians(value))
        self._north += weight * math.cos(math.radians(value))
        self._weight += weight

    @staticmethod
    def _wrapped(angle: float, start: float) -> float:
        """The same direction within ``start`` to ``start + 360``."""
        turned = (angle - start) % 360 + start
        return start if turned >= start + 360 else turned  # % gives 360 for a negative angle near 0


class Median(Average):
    """The middle value, in bounded memory."""

    def __init__(self) -> None:
        super().__init__()
        self._values = array("d")
        self._every = 1
        self._skipped = 0

    def value(self) -> float | None:
        """The median; of an even number the mean of the two in the middle."""
        ordered, middle = sorted(self._values), len(self._values) // 2
        return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2

    def _add(self, value: float, weight: float) -> None:
        self._skipped += 1
        if self._skipped < self._every and self._values:
            return
        self._skipped = 0
        self._values.append(value)
        if len(self._values) >= MEDIAN_OF:
            self._values = self._values[::2]
            self._every *= 2


class Sum(Average):
    """All of them together."""

    def __init__(self) -> None:
        super().__init__()
        self._total = 0.0

    def value(self) -> float | None:
        """The sum."""
        return self._total

    def _add(self, value: float, weight: float) -> None:
        self._total += value  # however many it was made of, it is the sum of them


class Last(Average):
    """The one that came last."""

    def __init__(self) -> None:
        super().__init__()
        self._value = 0.0

    def value(self) -> float | None:
        """The last value."""
        return self._value

    def _add(self, value: float, weight: float) -> None:
        self._value = value


class Max(Average):
    """The highest, of those that went in also within what they were made of."""

    def value(self) -> float | None:
        """The highest value."""
        return self._high

    def _add(self, value: float, weight: float) -> None:
        """The limits are kept already."""


class Min(Max):
    """The lowest."""

    def value(self) -> float | None:
        """The lowest value."""
        return self._low


KINDS: Mapping[How, type[Average]] = {
    How.MEAN: Mean,
    How.ENERGY: Energy,
    How.VECTOR: Vector,
    How.MEDIAN: Median,
    How.SUM: Sum,
    How.DIFFERENCE: Last,
    How.LAST: Last,
    How.MAX: Max,
    How.MIN: Min,
}


def average(name: str, how: How) -> Average:
    """What averages the values of a quantity in this way."""
    if how is How.VECTOR and name.partition("_")[0] == "longitude":
        return Vector(start=-180.0)
    return KINDS[how]()
