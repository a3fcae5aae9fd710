"""The newest readings that the card does not take, on their way to one destination all the same."""

from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock

from edge.reading import UNSTORED, Batch, Reading

ROOM = 1000  # readings of each kind that wait; then the oldest go
GATHER = 0.5  # seconds that routine readings are collected for


class Unstored:
    """Copies without a seq: each is given at most once, nothing is claimed about any. Safe from any thread.

    The readings themselves are the writer's, which puts them on the card as soon as that takes them.
    """

    def __init__(self, wanted: Callable[[Reading], bool] | None = None) -> None:
        """``wanted`` says which readings the destination gets."""
        self._wanted = wanted
        self._lock = Lock()
        self._routine, self._alarms = deque[Reading](maxlen=ROOM), deque[Reading](maxlen=ROOM)
        self.pause: float | None = None  # seconds until it is worth asking again; None while the card is well

    def add(self, readings: Sequence[Reading], *, alarm: bool = False) -> None:
        """Takes the newest."""
        with self._lock:
            (self._alarms if alarm else self._routine).extend(filter(self._wanted or (lambda reading: True), readings))
            self.pause = GATHER

    def clear(self) -> None:
        """The card is well: what has not gone yet goes the normal way."""
        with self._lock:
            self._routine.clear()
            self._alarms.clear()
            self.pause = None

    @property
    def alarmed(self) -> bool:
        """Whether an alarm waits."""
        return bool(self._alarms)

    def next(self, node: str, count: int, *, alarm: bool = False) -> Batch | None:
        """The oldest of them, of one boot; they are forgotten here."""
        with self._lock:
            waiting, taken = self._alarms if alarm else self._routine, list[Reading]()
            while waiting and len(taken) < count and waiting[0].at.boot == (taken or waiting)[0].at.boot:
                taken.append(waiting.popleft())
        return Batch(node, [(0, reading) for reading in taken], UNSTORED) if taken else None
