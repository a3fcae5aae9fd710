"""The time a simulator lives in: real, or virtual so that an hour passes in a test at once."""

import threading
import time
from typing import Protocol


class Time(Protocol):
    """A monotonic clock that can be waited on."""

    def now(self) -> float:
        """Seconds since some moment."""

    def wait(self, seconds: float) -> None:
        """Returns so many seconds later."""


class RealTime:
    """The monotonic clock of the machine."""

    def now(self) -> float:
        """Seconds since boot."""
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        """Waits in real time."""
        threading.Event().wait(seconds)


class VirtualTime:
    """A clock that stands still until someone waits on it."""

    def __init__(self) -> None:
        self._now = 0.0

    def now(self) -> float:
        """Seconds waited so far."""
        return self._now

    def wait(self, seconds: float) -> None:
        """Advances the clock."""
        self._now += seconds
