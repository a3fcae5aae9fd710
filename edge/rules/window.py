"""The last hours of one quantity in flat memory: 48 parts instead of every value."""

from collections import deque
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from typing import Any

PARTS = 48
CREDIT = 24  # a value stands for the time since the one before it, but at most for this part of the window
MEAN_NEEDS, EXTREME_NEEDS = 0.75, 0.95  # share of the window that must be covered: a gap may hide an extreme


@dataclass(slots=True)
class Part:
    """What a 48th of the window has gathered; ``covered`` in nanoseconds."""

    number: int
    first: float
    low: float
    high: float
    count: int = 0
    total: float = 0.0
    covered: int = 0


class Window:
    """Mean, extremes and change over the last ``over`` seconds, in boot ticks; at the edge exact to a 48th of it."""

    def __init__(self, over: float, last: int | None = None, parts: Iterable[Part] = ()) -> None:
        """``last`` are the ticks of the newest value of ``parts``, where some were kept."""
        self._over, self._length = over, max(1, int(over * 1e9) // PARTS)
        self._last, self._parts = last, deque(parts)

    def add(self, at: int, value: float) -> None:
        """Takes a value at ``at`` ticks; what is older than the window goes."""
        number = at // self._length
        while self._parts and self._parts[0].number < number - PARTS:
            self._parts.popleft()
        if not self._parts or self._parts[-1].number < number:
            self._parts.append(Part(number, value, value, value))
        part = self._parts[-1]
        part.low, part.high = min(part.low, value), max(part.high, value)
        part.count, part.total = part.count + 1, part.total + value
        if self._last is not None:
            part.covered += min(max(0, at - self._last), self._length * PARTS // CREDIT)
        self._last = at

    @property
    def covered(self) -> float:
        """Which share of the window has values."""
        return sum(part.covered for part in self._parts) / (self._length * PARTS)

    def mean(self) -> float | None:
        """The arithmetic mean; None while too little of the window is covered."""
        if self.covered < MEAN_NEEDS:
            return None
        return sum(part.total for part in self._parts) / sum(part.count for part in self._parts)

    def lowest(self) -> float | None:
        """The lowest value; None while a gap may hide a lower one."""
        return min(part.low for part in self._parts) if self.covered >= EXTREME_NEEDS else None

    def highest(self) -> float | None:
        """The highest value; None while a gap may hide a higher one."""
        return max(part.high for part in self._parts) if self.covered >= EXTREME_NEEDS else None

    def start(self) -> float:
        """The value at its start, or the oldest one there is."""
        return self._parts[0].first

    @property
    def whole(self) -> bool:
        """Whether ``start`` is really that of the window."""
        return self.covered >= EXTREME_NEEDS

    def as_list(self) -> list[Any]:
        """For the state of the node."""
        return [self._over, self._last, [list(astuple(part)) for part in self._parts]]


def window_of(saved: list[Any]) -> Window:
    """What ``as_list`` gave; the time since then is a gap. Raises ``TypeError``, ``ValueError``."""
    over, last, parts = saved
    return Window(float(over), None if last is None else int(last), [Part(*part) for part in parts])
