"""Sets of seqs as sorted intervals: what a destination has is nearly always one long run and a few islands."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator


class Intervals:
    """A set of whole numbers held as disjoint, closed intervals."""

    def __init__(self, pairs: Iterable[tuple[int, int]] = ()) -> None:
        self._first = array("Q")  # a tenth of what lists of numbers take
        self._last = array("Q")
        self.count = 0
        for first, last in pairs:
            self.add(first, last)

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._first, number) - 1
        return at >= 0 and number <= self._last[at]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(zip(self._first, self._last, strict=True))

    @property
    def last(self) -> int:
        """The highest number; 0 of an empty set."""
        return self._last[-1] if self._last else 0

    def add(self, first: int, last: int) -> int:
        """Puts in all from ``first`` to ``last``; returns how many of them are new."""
        if last < first:
            return 0
        low = bisect_left(self._last, first - 1)
        high = bisect_right(self._first, last + 1)
        inside = sum(self._last[at] - self._first[at] + 1 for at in range(low, high))
        if low < high:
            first, last = min(first, self._first[low]), max(last, self._last[high - 1])
        self._first[low:high], self._last[low:high] = array("Q", [first]), array("Q", [last])
        added = last - first + 1 - inside
        self.count += added
        return added

    def within(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """The runs of the set that lie within ``first`` to ``last``, cut at these."""
        for at in range(bisect_left(self._last, first), bisect_right(self._first, last)):
            yield max(first, self._first[at]), min(last, self._last[at])

    def without(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """The runs within ``first`` to ``last`` that are not in the set."""
        while (gap := self.gap(first, last)) is not None:
            yield gap
            first = gap[1] + 1

    def gap(self, first: int, last: int) -> tuple[int, int] | None:
        """The first run of missing numbers within ``first`` to ``last``."""
        at = bisect_right(self._first, first) - 1
        if at >= 0 and first <= self._last[at]:
            first = self._last[at] + 1
        if first > last:
            return None
        after = bisect_right(self._first, first)
        end = self._first[after] - 1 if after < len(self._first) else last
        return first, min(end, last)

    def __str__(self) -> str:
        """All runs, ``1-540 550 560-571``: short, as an outage with alarms leaves thousands of them."""
        return " ".join(f"{first}-{last}" if last > first else f"{first}" for first, last in self)

    @classmethod
    def read(cls, text: str) -> "Intervals":
        """What ``str`` gave. Raises ``ValueError``."""
        ends = (run.partition("-") for run in text.split())
        return cls((int(first), int(last or first)) for first, _, last in ends)
