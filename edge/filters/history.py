"""What filters remember: per quantity, of one boot, and never more than a few values."""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from edge.reading import Reading

Kept = TypeVar("Kept")


class PerQuantity(Generic[Kept]):
    """One history a quantity; begins anew in a new boot, because ticks of two boots cannot be compared."""

    def __init__(self, begin: Callable[[str], Kept]) -> None:
        """``begin(quantity)`` makes an empty history."""
        self._begin = begin
        self._kept: dict[str, tuple[str, Kept]] = {}

    def of(self, reading: Reading) -> Kept:
        """The history that the reading belongs to."""
        found = self._kept.get(reading.quantity)
        if found is None or found[0] != reading.at.boot:
            found = self._kept[reading.quantity] = reading.at.boot, self._begin(reading.quantity)
        return found[1]

    def known(self, quantity: str) -> Kept | None:
        """The history of a quantity, where it has one."""
        found = self._kept.get(quantity)
        return None if found is None else found[1]


class Window:
    """The last ``size`` values, as they came and sorted; a gap longer than all they cover empties it."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.values: deque[float] = deque()
        self.ordered: list[float] = []
        self._ticks: deque[int] = deque()

    def reach(self, ticks: int) -> None:
        """Forgets what lies behind a gap before ``ticks``."""
        ours, count = self._ticks, len(self.ordered)
        if count > 2 and (ticks - ours[-1]) * (count - 1) > self.size * (ours[-1] - ours[0]):
            self.values.clear()
            self.ordered.clear()
            ours.clear()

    def add(self, ticks: int, value: float) -> None:
        """Takes a value in, and the oldest out where there are too many."""
        ordered = self.ordered
        if len(ordered) == self.size:
            self._ticks.popleft()
            del ordered[bisect_left(ordered, self.values.popleft())]
        self._ticks.append(ticks)
        self.values.append(value)
        insort(ordered, value)
