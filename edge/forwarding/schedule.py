"""When a destination is connected that need not be all the time: a metered link, a radio that costs power."""

import time
from collections.abc import Callable
from zlib import crc32

LINGER = 5.0  # seconds that it stays after all has arrived: for receipts, and for commands that waited for it


class Schedule:
    """A rhythm; without one the destination is always due, and never has been connected for long enough.

    The moments depend on the seed, so that the nodes of a city do not come together.
    """

    def __init__(
        self,
        seed: str,
        every: float | None = None,
        lasts: float | None = None,
        *,
        linger: float = LINGER,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """All in seconds; without ``lasts`` it is connected until everything has arrived, and ``linger`` longer."""
        self._every, self._lasts, self._linger, self._now = every, lasts, linger, now
        self._phase = crc32(seed.encode()) / (1 << 32)
        self._due = self._begun = self._busy = now()

    def begin(self) -> None:
        """It is connected."""
        self._begun = self._busy = self._now()
        if self._every is not None:
            turns = (self._begun / self._every - self._phase) // 1 + 1
            self._due = (turns + self._phase) * self._every

    def over(self, *, idle: bool) -> bool:
        """Whether it has been connected for long enough; ``idle`` while nothing is left to send or to arrive."""
        if self._every is None:
            return False
        now = self._now()
        if not idle:
            self._busy = now
        return now - self._busy >= self._linger or (self._lasts is not None and now - self._begun >= self._lasts)

    def left(self) -> float:
        """Seconds until it is due."""
        return max(0.0, self._due - self._now())
