"""How fast a link is, measured by what comes back acknowledged, and how much may be on its way for that.

A message must be acknowledged well within the deadline of an uplink (25 s), and an alarm must not stand behind a long
queue. So a message takes a second and a half of the link, and at most four seconds of it are under way.
"""

import time
from collections.abc import Callable
from typing import NamedTuple

MESSAGE, BUSY = 1.5, 2.5  # seconds of the link: one message; what is under way when no further one goes
FLIGHT = MESSAGE + BUSY  # seconds that a message is under way at most, if the link is as fast as it was
FIRST = 1200.0  # bytes a second that a new connection is taken for: 9.6 kbit/s
LEAST = 1000  # bytes of a message on the slowest link: less is mostly headers, and a broker may just be slow to answer


class Mark(NamedTuple):
    """When a message went, and what it is measured against: bytes acknowledged by then, and the moment of that."""

    at: float
    since: float
    acked: int


class LinkSpeed:
    """Learns from each acknowledgement; a new connection may be another link and begins anew."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self.restart()

    def restart(self) -> None:
        """The connection is new: nothing is under way, and the speed is not known."""
        self.rate = FIRST  # bytes a second
        self.under_way = 0  # bytes
        self._acked = 0
        self._last = self._now()  # when something was acknowledged

    @property
    def message(self) -> int:
        """Bytes that the next message should have at most."""
        return max(LEAST, round(MESSAGE * self.rate))

    @property
    def full(self) -> bool:
        """Whether enough is under way to keep the link busy until the next acknowledgement."""
        return self.under_way > BUSY / MESSAGE * self.message

    def sent(self, size: int) -> Mark:
        """A message of so many bytes goes now; the mark belongs to its acknowledgement."""
        now = self._now()
        mark = Mark(now, self._last if self.under_way else now, self._acked)
        self.under_way += size
        return mark

    def acknowledged(self, size: int, mark: Mark) -> None:
        """That message arrived. Few bytes that went over an idle link do not make it slow, only a long way does."""
        now = self._last = self._now()
        self.under_way -= size
        self._acked += size
        measured = (self._acked - mark.acked) / max(1e-6, now - mark.since)
        if measured > self.rate:
            self.rate = measured
        elif now - mark.at > FLIGHT:
            self.rate = max(measured, self.rate / 2)
