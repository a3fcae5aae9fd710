"""What became of every reading, for each destination: the ledger.

taken = delivered + waiting + evicted + refused, at every moment. What a destination does not want was not taken for it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from threading import RLock
from typing import Any

from edge.outbox.intervals import Intervals

FARTHEST = (1 << 63) - 1  # above every seq


@dataclass(frozen=True, slots=True)
class Ledger:
    """Counts of readings. ``taken`` ones are meant for the destination; each is in exactly one of the other four."""

    taken: int
    delivered: int
    waiting: int
    evicted: int
    refused: int

    @property
    def balanced(self) -> bool:
        """Whether every reading is accounted for."""
        return self.taken == self.delivered + self.waiting + self.evicted + self.refused

    def as_dict(self) -> dict[str, int]:
        """For status and messages."""
        return asdict(self)


class Cursor:
    """One destination's place in the outbox; safe from any thread.

    With ``receipt`` an acknowledgement of the broker is not enough: a reading counts as delivered when the centre says
    that it is stored. Until then it waits, and is sent again as a replay when its receipt does not come
    (``edge.forwarding.custody``).
    """

    def __init__(self, name: str, saved: Mapping[str, Any] | None = None, *, receipt: bool = False) -> None:
        """``saved`` is what ``as_dict`` gave; a new destination has nothing yet."""
        self.name, self.receipt = name, receipt
        self._lock = RLock()
        self._done = _runs_of(saved["done"]) if saved else Intervals()
        self._handed = _runs_of(saved.get("handed", "")) if saved else Intervals()  # to the broker, no receipt yet
        self.skipped = int(saved.get("skipped", 0)) if saved else 0
        self.delivered = int(saved["delivered"]) if saved else 0
        self.evicted = int(saved["evicted"]) if saved else 0
        self.refused = int(saved["refused"]) if saved else 0

    def deliver(self, seqs: Iterable[int]) -> None:
        """The broker has acknowledged these."""
        with self._lock:
            for first, last in runs(seqs):
                if self.receipt:
                    self._handed.add(first, last)
                else:
                    self.delivered += self._done.add(first, last)

    def stored(self, upto: int) -> None:
        """The centre has stored all that was handed over, up to this seq."""
        with self._lock:
            for first, last in self._handed.within(1, upto):
                self.delivered += self._done.add(first, last)
            self._handed = Intervals(self._handed.within(upto + 1, FARTHEST))

    def need_receipts(self, needed: bool) -> None:
        """From now on; where none are needed, all that was handed over is delivered."""
        with self._lock:
            self.receipt = needed
            if not needed:
                self.stored(FARTHEST)

    def awaited(self, first: int = 1) -> tuple[int, int] | None:
        """The oldest seq from ``first`` on that was handed over and has no receipt, and the newest one handed over."""
        with self._lock:
            newest = self._handed.last
            waiting = (self._done.gap(*run) for run in self._handed.within(first, newest))
            oldest = next((gap[0] for gap in waiting if gap is not None), None)
            return None if oldest is None else (oldest, newest)

    def skip(self, seqs: Iterable[int]) -> None:
        """The destination does not want these."""
        with self._lock:
            self.skipped += sum(self._done.add(first, last) for first, last in runs(seqs))

    def evict(self, first: int, last: int) -> int:
        """These are gone before the destination had them; returns how many of them it lacked."""
        with self._lock:
            lost = self._done.add(first, last)
            self.evicted += lost
            return lost

    def refuse(self, seq: int) -> None:
        """The destination will never take this one."""
        with self._lock:
            self.refused += self._done.add(seq, seq)

    def gap(self, first: int, last: int) -> tuple[int, int] | None:
        """The first run of seqs within ``first`` to ``last`` that still have to be sent."""
        with self._lock:
            while (gap := self._done.gap(first, last)) is not None:
                unsent = self._handed.gap(*gap)
                if unsent is not None:
                    return unsent
                first = gap[1] + 1
            return None

    def handed(self, seq: int) -> bool:
        """Whether the broker has acknowledged this one, and its receipt is awaited."""
        with self._lock:
            return self._handed.gap(seq, seq) is None

    def waits(self, first: int, last: int) -> bool:
        """Whether the destination lacks any of these."""
        with self._lock:
            return self._done.gap(first, last) is not None

    def lacks(self, first: int, last: int) -> int:
        """How many of these the destination lacks."""
        with self._lock:
            return sum(end - begin + 1 for begin, end in self._done.without(first, last))

    def ledger(self, taken: int) -> Ledger:
        """The account up to seq ``taken``."""
        with self._lock:
            waiting = self.lacks(1, taken)
            return Ledger(taken - self.skipped, self.delivered, waiting, self.evicted, self.refused)

    @property
    def highest(self) -> int:
        """The highest seq that is settled or went to the broker."""
        with self._lock:
            return max(self._done.last, self._handed.last)

    def as_dict(self) -> dict[str, Any]:
        """For the state file."""
        with self._lock:
            counts = {name: getattr(self, name) for name in ("delivered", "evicted", "refused", "skipped")}
            return {"done": str(self._done), "handed": str(self._handed), **counts}


def runs(seqs: Iterable[int]) -> Iterable[tuple[int, int]]:
    """Ascending numbers as closed intervals."""
    first = last = None
    for seq in seqs:
        if last is not None and seq == last + 1:
            last = seq
            continue
        if first is not None and last is not None:
            yield first, last
        first = last = seq
    if first is not None and last is not None:
        yield first, last


def _runs_of(saved: Any) -> Intervals:
    """What ``as_dict`` gave; before, it was a list of pairs."""
    return Intervals.read(saved) if isinstance(saved, str) else Intervals(map(tuple, saved))
