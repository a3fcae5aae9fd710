"""How fast and how often: back-off after failures, and a rate for the backlog. Monotonic time only."""

import random
import time
from collections.abc import Callable

FIRST = 1.0  # seconds
LONGEST = 360.0  # a fleet whose broker was away for long comes back over more than five minutes
EASED = 4  # failures that remain where something worked but not for long


class Backoff:
    """Waits that double with full jitter, so that a city of nodes does not come back in one second."""

    def __init__(self, seed: str, first: float = FIRST, longest: float = LONGEST) -> None:
        """``seed`` is what sets this one apart from all others: node and destination."""
        self._chance = random.Random(seed).random
        self._first, self._longest = first, longest
        self._failures = 0

    def next(self, least: float = 0.0) -> float:
        """Seconds to wait before the next try; from ``least`` to twice that where it is more."""
        ceiling = min(self._longest, self._first * float(2**self._failures))
        self._failures = min(self._failures + 1, 30)
        chance = self._chance()
        return max(0.2, ceiling * chance, least * (1 + chance))

    def ease(self) -> None:
        """Something worked: the next wait is short, yet not so short that a broker that hangs up is flooded."""
        self._failures = min(self._failures, EASED)

    def reset(self) -> None:
        """It works, and has done so for a while."""
        self._failures = 0


class Bucket:
    """At most ``rate`` readings a second, a batch at a time; ``rate`` None is no limit."""

    def __init__(self, rate: float | None, now: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._now = rate, now
        self._free_at = now()

    def pause(self) -> float:
        """Seconds until the next batch may go."""
        return max(0.0, self._free_at - self._now())

    def spend(self, count: int) -> None:
        """A batch of ``count`` readings went."""
        if self._rate:
            self._free_at = max(self._free_at, self._now()) + count / self._rate


class Allowance:
    """So many at once, and one more each ``every`` seconds."""

    def __init__(self, most: int, every: float, now: Callable[[], float]) -> None:
        self._most, self._every, self._now = most, every, now
        self._left, self._at = float(most), now()

    def take(self) -> bool:
        """Whether there is one left."""
        now = self._now()
        self._left = min(self._most, self._left + (now - self._at) / self._every)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
