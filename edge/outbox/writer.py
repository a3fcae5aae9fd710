"""The hand-off between sensing and the card: sensing never waits, what overflows is counted."""

import logging
from collections.abc import Callable, Sequence
from threading import Condition, Thread

from edge.errors import StorageError
from edge.outbox.outbox import Outbox
from edge.reading import Reading

log = logging.getLogger("edge.outbox")

CAPACITY = 20_000  # readings of each lane held while the card does not take them; then the oldest go
GROUP = 5_000  # readings that are committed without waiting for the flush interval
RETRY = 1.0  # seconds between two tries on a failing card


class Ring:
    """Readings in memory, bounded: the oldest go, and are counted in ``overrun``."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._readings: list[Reading] = []
        self.overrun = 0

    def __len__(self) -> int:
        return len(self._readings)

    def add(self, readings: Sequence[Reading]) -> None:
        """Takes the newest."""
        self._readings.extend(readings)
        self._trim()

    def take(self, count: int) -> list[Reading]:
        """Gives the oldest and forgets them."""
        taken, self._readings = self._readings[:count], self._readings[count:]
        return taken

    def give_back(self, readings: list[Reading]) -> None:
        """Takes them back: they could not be committed."""
        self._readings[:0] = readings
        self._trim()

    def _trim(self) -> None:
        over = len(self._readings) - self._capacity
        if over > 0:
            del self._readings[:over]
            self.overrun += over


class Writer:
    """Collects readings from any thread and commits them in groups from its own; alarms at once."""

    def __init__(self, outbox: Outbox, flush: float) -> None:
        """``flush`` are the seconds a group is collected for; 0 commits whatever is there at once."""
        self._outbox = outbox
        self._flush = flush
        self._routine, self._alarms = Ring(CAPACITY), Ring(CAPACITY)
        self._change = Condition()
        self._stopping = False
        self._thread = Thread(target=self._run, name="writer", daemon=True)
        self.committed = 0  # readings brought onto the card
        self.trouble: str | None = None  # why the card does not take readings now
        self.beat: Callable[[], None] = lambda: None
        self.on_commit: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Begins to commit."""
        self._thread.start()

    def offer(self, readings: Sequence[Reading], *, alarm: bool = False) -> None:
        """Takes readings and returns at once; where there is no room the oldest go, and are counted."""
        with self._change:
            (self._alarms if alarm else self._routine).add(readings)
            self._change.notify()

    @property
    def held(self) -> int:
        """Readings that are in memory only."""
        return len(self._routine) + len(self._alarms)

    @property
    def overrun(self) -> int:
        """Readings lost because the card did not take them for too long."""
        return self._routine.overrun + self._alarms.overrun

    def stop(self) -> None:
        """Commits what is there and ends."""
        with self._change:
            self._stopping = True
            self._change.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self.beat()
            with self._change:
                self._change.wait_for(self._due, timeout=self._flush or RETRY)
                last_round = self._stopping
            self._commit(self._alarms, alarm=True)
            self._commit(self._routine)
            if last_round and (self.trouble or not self.held):
                return

    def _due(self) -> bool:
        full = len(self._routine) >= GROUP or (bool(len(self._routine)) and not self._flush)
        return self._stopping or ((full or len(self._alarms) > 0) and self.trouble is None)

    def _commit(self, ring: Ring, *, alarm: bool = False) -> None:
        with self._change:
            group = ring.take(2 * GROUP)
        if not group:
            return
        try:
            self._outbox.put(group, alarm=alarm)
        except StorageError as error:
            with self._change:
                ring.give_back(group)
            self._note(str(error))
            return
        self.committed += len(group)
        self._note(None)
        self.on_commit()

    def _note(self, trouble: str | None) -> None:
        if trouble and not self.trouble:
            log.error("the card does not take readings: %s. They are kept in memory, at most %d", trouble, CAPACITY)
        if self.trouble and not trouble:
            log.warning("the card takes readings again")
        self.trouble = trouble
