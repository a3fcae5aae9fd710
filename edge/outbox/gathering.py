"""How long live readings are gathered: a message costs as much beside them as forty of them, deflated."""

import time
from collections.abc import Callable


class Gathering:
    """Holds live readings of one destination back until they fill a message or the first has waited long enough."""

    def __init__(self, age: float | None = None, now: Callable[[], float] = time.monotonic) -> None:
        """``age`` in seconds; without one nothing is held back."""
        self._age, self._now = age, now
        self._since: float | None = None  # the first of those that wait was seen

    def ends(self, *, full: bool) -> bool:
        """Whether what waits goes now; ``full`` when it fills a message, and what it leaves over is newer."""
        if self._age is None:
            return True
        now = self._now()
        old = self._since is not None and now - self._since >= self._age
        if self._since is None or (full and not old):
            self._since = now
        return full or old

    def begin(self) -> None:
        """Nothing waits."""
        self._since = None

    @property
    def pause(self) -> float:
        """Seconds until what waits is old enough; 0 when nothing does."""
        return 0.0 if self._age is None or self._since is None else max(0.0, self._since + self._age - self._now())
