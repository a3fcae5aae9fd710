"""How fast a link is, measured by what comes back acknowledged, and how much may be on its way for that.

A message must be acknowledged well within the deadline of an uplink (25 s), and an alarm must not stand behind a long
queue. So a message takes two seconds of the link, and at most five seconds of it are under way. What the network has
carried leaves the link free although the broker's word on it is still to come: where that is lost on the way, it takes
TCP as long as the queue is to send it again.
"""

import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

MESSAGE, BUSY = 2.0, 3.0  # seconds of the link: one message; what is under way when no further one goes
LATE = 8.0  # seconds of it without the broker's word when no further one goes: a proxy may take what the link does not
FIRST = 1200.0  # bytes a second that a new connection is taken for: 9.6 kbit/s
SAMPLES = 8  # acknowledgements whose best counts: a lost packet stalls a link, but does not make it slower
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
        self._samples = deque([FIRST], SAMPLES)
        self.under_way = 0  # bytes
        self._acked = 0
        self._last = self._now()  # when something was acknowledged

    @property
    def message(self) -> int:
        """Bytes that the next message should have at most."""
        return max(LEAST, round(MESSAGE * self.rate))

    def full(self, unsent: int) -> bool:
        """Whether enough is under way to keep the link busy; ``unsent`` bytes of it the network has not carried yet."""
        second = self.message / MESSAGE
        waits = min(unsent, self.under_way) if self._acked else self.under_way  # before, the speed is a mere guess
        return waits > BUSY * second or self.under_way > LATE * second

    def sent(self, size: int) -> Mark:
        """A message of so many bytes goes now; the mark belongs to its acknowledgement."""
        now = self._now()
        mark = Mark(now, self._last if self.under_way else now, self._acked)
        self.under_way += size
        return mark

    def acknowledged(self, size: int, mark: Mark) -> None:
        """That message arrived. What is short tells little: it fits into a gap, and on an idle link it is all there is.

        So only much makes the link faster, step by step, and only what was under way for too long makes it slower.
        """
        now = self._last = self._now()
        self.under_way -= size
        self._acked += size
        came = self._acked - mark.acked
        measured = came / max(1e-6, now - mark.since)
        telling = came >= self.message / 2 if measured > self.rate else now - mark.at > MESSAGE
        if telling:
            self._samples.append(min(measured, self.rate * 2))
            self.rate = max(self._samples)
