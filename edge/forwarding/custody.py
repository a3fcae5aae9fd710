"""What the broker acknowledged and no receipt of the centre covers: when it goes again, and how much of it.

A broker that crashes may lose what it acknowledged, and the receipts then stand still in front of the hole. That looks
like a centre that is away. So the oldest reading goes alone at first, less and less often: it costs one small message.
Only where the receipt then stands still exactly behind it is there a hole for sure, and more goes at once.
"""

import logging
import time
from collections.abc import Callable

from edge.outbox.cursor import Cursor
from edge.pace import Backoff

log = logging.getLogger("edge.forwarder")

Run = tuple[int, int]

LONGEST = 3600.0  # seconds between two tries while the centre is away, or twice the patience where that is more
GRACE = 2.0  # seconds of a new connection: receipts that waited at the broker come first
STILL = 5.0  # seconds that it has to stand there: one that creeps on comes from a centre that is busy
GROWTH, MOST = 4, 4096  # readings that go again: so many times more each time, and at most


class Custody:
    """One destination's watch; it does nothing where receipts are not needed."""

    def __init__(self, seed: str, cursor: Cursor, within: float, now: Callable[[], float] = time.monotonic) -> None:
        """``within`` are the seconds that a receipt may take; ``seed`` sets this destination apart from all others."""
        self._cursor, self._within, self._now = cursor, within, now
        self._backoff = Backoff(seed, within, LONGEST)
        self._oldest = 0  # without a receipt
        self._newest = 0  # that had gone to the broker when the patience was at its end
        self._asked, self._behind = 0, 0  # how many went again last, and the first awaited seq behind them
        self._count = 1  # how many go next
        self._due = 0.0

    def restart(self) -> None:
        """The connection is new."""
        self._due = max(self._due, self._now() + GRACE)

    def due(self) -> Run | None:
        """What has to go again now; each run is given once."""
        awaited = self._cursor.awaited()
        if awaited is None:
            self._oldest = self._behind = 0
            return None
        oldest, newest = awaited
        if oldest != self._oldest:
            self._moved(oldest)
        elif self._now() >= self._due:
            return self._again(oldest, newest)
        return None

    def _moved(self, oldest: int) -> None:
        """The receipts have come up to here; whether they stand still here is to be seen."""
        self._oldest = oldest
        self._backoff.reset()
        if oldest == self._behind:
            self._count = min(MOST, GROWTH * self._asked)
            self._due = self._now() + min(STILL, self._within)
            return
        self._due = self._now() + self._backoff.next(self._within)
        if oldest > self._behind:
            self._count, self._asked, self._behind = 1, 0, 0

    def _again(self, oldest: int, newest: int) -> Run:
        if not self._asked:
            log.warning("%s has acknowledged reading %d, and its receipt does not come", self._cursor.name, oldest)
        if self._count == 1 or oldest > self._newest:
            self._newest = newest
        last = min(oldest + self._count - 1, self._newest)
        self._behind = (self._cursor.awaited(last + 1) or (0, 0))[0]
        self._asked, self._count = self._count, 1
        self._due = self._now() + self._backoff.next(self._within)
        return oldest, last
