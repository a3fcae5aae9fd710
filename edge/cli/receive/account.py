"""What came of one node: each seq once, what is missing in between, and what the node itself calls lost."""

from collections.abc import Mapping
from typing import Any

from edge.outbox.intervals import Intervals


class Account:
    """The seqs of one node."""

    def __init__(self, saved: Mapping[str, Any] | None = None) -> None:
        """``saved`` is what ``as_dict`` gave."""
        saved = saved or {}
        self._here = Intervals(map(tuple, saved.get("here", ())))
        self._lost = Intervals(map(tuple, saved.get("lost", ())))
        self.twice: int = saved.get("twice", 0)
        self.copies: int = saved.get("copies", 0)
        self.receipt = 0  # the last one that was sent; 0 where it has to be sent again

    def take(self, seq: int) -> bool:
        """A reading came; tells whether it is the first time."""
        new = self._here.add(seq, seq) > 0
        self.twice += not new
        if not new and seq <= self.receipt:
            self.receipt = 0  # whoever sends it again has not heard of it
        return new

    def lose(self, first: int, last: int) -> None:
        """The node says that it no longer has these, or never gave them out."""
        self._lost.add(first, last)

    @property
    def received(self) -> int:
        """Readings that are here."""
        return self._here.count

    @property
    def first(self) -> int:
        """The lowest seq that came; 0 before the first."""
        return next((first for first, _ in self._here), 0)

    @property
    def last(self) -> int:
        """The highest seq that came; 0 before the first."""
        return self._here.last

    @property
    def gaps(self) -> list[tuple[int, int]]:
        """The runs between the first and the last seq that did not come, and that the node did not call lost."""
        runs = self._here.without(self.first, self.last) if self.received else ()
        return [gap for run in runs for gap in self._lost.without(*run)]

    @property
    def missing(self) -> int:
        """How many readings the gaps have."""
        return sum(last - first + 1 for first, last in self.gaps)

    @property
    def declared(self) -> int:
        """Readings between the first and the last that did not come because they are lost, as the node says."""
        runs = list(self._here.without(self.first, self.last)) if self.received else []
        return sum(last - first + 1 for run in runs for first, last in self._lost.within(*run))

    def upto(self, start: int) -> int:
        """All from ``start`` to this seq is here or lost; below ``start`` when even that is not."""
        both = Intervals([*self._here, *self._lost])
        gap = both.gap(start, max(self.last, start))
        return self.last if gap is None else gap[0] - 1

    def as_dict(self) -> dict[str, Any]:
        """To be kept."""
        here, lost = [list(run) for run in self._here], [list(run) for run in self._lost]
        return {"here": here, "lost": lost, "twice": self.twice, "copies": self.copies}
