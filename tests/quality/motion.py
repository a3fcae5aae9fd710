"""What moves in the world, second by second: a swing of the day, a wandering, bursts, switches."""

import math
from random import Random

DAY = 86400


def swing(at: float, noon: float = 14.0) -> float:
    """-1 to 1 in the course of a day, highest at the hour ``noon``."""
    return math.cos(2 * math.pi * (at / DAY - noon / 24))


class Wander:
    """Gaussian noise that remembers for ``memory`` seconds: AR(1) with standard deviation ``sigma``."""

    def __init__(self, random: Random, memory: float, sigma: float) -> None:
        self._random, self._keep = random, math.exp(-1 / memory)
        self._step = sigma * math.sqrt(1 - self._keep**2)
        self._value = random.gauss(0.0, sigma)

    def next(self) -> float:
        """A second later."""
        self._value = self._keep * self._value + self._random.gauss(0.0, self._step)
        return self._value


class Bursts:
    """True events, ``often`` a day at random moments: up within ``rise`` seconds, down within ``fall``."""

    def __init__(
        self, random: Random, often: float, size: tuple[float, float], rise: float, fall: float
    ) -> None:  # fmt: skip
        self._random, self._chance, self._size = random, often / DAY, size
        self._up, self._down = 1 - math.exp(-1 / rise), math.exp(-1 / fall)
        self._source = self._value = 0.0

    def next(self) -> float:
        """A second later."""
        self._source *= self._down
        if self._random.random() < self._chance:
            self._source += self._random.uniform(*self._size)
        self._value += (self._source - self._value) * self._up
        return self._value


class Switch:
    """0, or for ``lasts`` seconds a size: a tap, a shower, a pump. ``often`` a day."""

    def __init__(self, random: Random, often: float, size: tuple[float, float], lasts: tuple[float, float]) -> None:
        self._random, self._chance, self._size, self._lasts = random, often / DAY, size, lasts
        self._left, self._value = 0.0, 0.0

    def next(self) -> float:
        """A second later."""
        self._left -= 1
        if self._left <= 0:
            self._value = 0.0
            if self._random.random() < self._chance:
                self._value, self._left = self._random.uniform(*self._size), self._random.uniform(*self._lasts)
        return self._value
