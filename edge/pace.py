"""How fast and how often: back-off after failures, and a rate for the backlog. Monotonic time only."""

import random
import time
from collections.abc import Callable

FIRST = 1.0  # seconds
LONGEST = 60.0


class Backoff:
    """Waits that double with full jitter, so that a city of nodes does not come back in one second."""

    def __init__(
        self, first: float = FIRST, longest: float = LONGEST, chance: Callable[[], float] = random.random
    ) -> None:
        self._first, self._longest, self._chance = first, longest, chance
        self._failures = 0

    def next(self) -> float:
        """Seconds to wait before the next try."""
        ceiling = min(self._longest, self._first * float(2**self._failures))
        self._failures = min(self._failures + 1, 30)
        return max(0.2, ceiling * self._chance())

    def reset(self) -> None:
        """It worked."""
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
