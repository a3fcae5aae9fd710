"""What the broker acknowledged and no receipt of the centre covers: when it goes again, and how much of it.

A broker that crashes may lose what it acknowledged, and the receipts then stand still in front of the hole. That looks
like a centre that is away. So the oldest reading goes alone at first, less and less often: it costs one small message.
Only where the receipt then ends exactly behind it is there a hole for sure, and more goes at once.
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
GROWTH, MOST = 16, 4096  # readings that go again: so many times more each time, and at most


class Custody:
    """One destination's watch; it does nothing where receipts are not needed."""

    def __init__(self, seed: str, cursor: Cursor, within: float, now: Callable[[], float] = time.monotonic) -> None:
        """``within`` are the seconds that a receipt may take; ``seed`` sets this destination apart from all others."""
        self._cursor, self._within, self._now = cursor, within, now
        self._backoff = Backoff(seed, within, LONGEST)
        self._oldest = self._newest = 0  # of what had been handed over when the patience began
        self._overdue = 0  # up to here its end was waited for
        self._count = 0  # readings that went again last; 0 while the patience lasts
        self._behind = 0  # the first awaited seq behind these
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
            return self._moved(oldest, newest)
        if self._now() < self._due:
            return None
        if not self._count:
            log.warning("%s has acknowledged reading %d, and its receipt does not come", self._cursor.name, oldest)
        self._overdue, self._newest = self._newest, newest
        return self._again(1)

    def _moved(self, oldest: int, newest: int) -> Run | None:
        """The receipts have come up to here."""
        self._oldest = oldest
        self._backoff.reset()
        if oldest == self._behind <= self._overdue:
            return self._again(min(MOST, GROWTH * self._count))
        self._wait()
        if oldest >= self._behind:
            self._newest, self._count, self._behind = newest, 0, 0
        return None

    def _again(self, count: int) -> Run:
        last = min(self._oldest + count - 1, self._overdue)
        self._count, self._behind = count, (self._cursor.awaited(last + 1) or (0, 0))[0]
        self._wait()
        return self._oldest, last

    def _wait(self) -> None:
        self._due = self._now() + self._backoff.next(self._within)
