"""Which readings go next: live ones at once, the backlog behind them under its rate."""

from collections.abc import Callable

from edge.outbox.cursor import Cursor, runs
from edge.outbox.outbox import Outbox
from edge.pace import Bucket
from edge.reading import Batch, Stored


class Picker:
    """Two positions in the outbox for one destination; each batch is given once until ``restart``."""

    def __init__(self, outbox: Outbox, cursor: Cursor, rate: float | None) -> None:
        """``rate`` limits the backlog, in readings a second."""
        self._outbox, self._cursor, self._bucket = outbox, cursor, Bucket(rate)
        self._live_reader, self._old_reader = outbox.reader(), outbox.reader()
        self._live = self._old = self._border = 1
        self.on_lost: Callable[[int, int], None] = lambda first, last: None

    @property
    def pause(self) -> float:
        """Seconds until the rate lets the next batch of the backlog go."""
        return self._bucket.pause()

    def restart(self) -> None:
        """The connection is new: all that is not acknowledged is backlog, what comes from now on is live."""
        self._live = self._border = self._outbox.last + 1
        self._old = 1

    def next(self, node: str, count: int) -> Batch | None:
        """At most ``count`` readings; None when nothing waits or the rate forbids. Raises ``OSError``."""
        return self._next_live(node, count) or self._next_old(node, count)

    def _next_live(self, node: str, count: int) -> Batch | None:
        last = self._outbox.last
        if self._live > last:
            return None
        stored = one_boot(self._live_reader.read(self._live, last, count))
        self._account(self._live, last, stored)
        self._live = stored[-1][0] + 1 if stored else last + 1
        return Batch(node, stored, "live") if stored else None

    def _next_old(self, node: str, count: int) -> Batch | None:
        while self._bucket.pause() == 0 and (gap := self._cursor.gap(self._old, self._border - 1)) is not None:
            stored = one_boot(self._old_reader.read(*gap, count))
            self._account(*gap, stored)
            self._old = stored[-1][0] + 1 if stored else gap[1] + 1
            if stored:
                self._bucket.spend(len(stored))
                return Batch(node, stored, "backlog")
        return None

    def _account(self, first: int, last: int, stored: list[Stored]) -> None:
        """Reports the seqs that should have been there and are not: damaged on the card."""
        expected = first
        for low, high in runs(seq for seq, _ in stored):
            if low > expected:
                self.on_lost(expected, low - 1)
            expected = high + 1
        if not stored:
            self.on_lost(first, last)


def one_boot(stored: list[Stored]) -> list[Stored]:
    """The readings up to the first one of another boot: a message has one time base."""
    if not stored or stored[0][1].at.boot == stored[-1][1].at.boot:
        return stored
    boot = stored[0][1].at.boot
    return stored[: next(at for at, (_, reading) in enumerate(stored) if reading.at.boot != boot)]
