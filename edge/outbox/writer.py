"""The hand-off between sensing and the card: sensing never waits, what overflows is counted.

While the card does not take readings, the newest are also told to ``on_unstored``, each once: they have no seq yet, and
get one when the card takes them.
"""

import logging
import time
from collections.abc import Callable, Sequence
from threading import Condition, Thread

from edge.errors import StorageError
from edge.outbox.outbox import Outbox
from edge.reading import Reading

log = logging.getLogger("edge.outbox")

CAPACITY = 20_000  # readings of each lane held while the card does not take them; then the oldest go
GROUP = 5_000  # readings that are committed without waiting for the flush interval
RETRY = 1.0  # seconds between two tries on a failing card
STALL = 2.0  # seconds a commit may take until the card counts as one that does not answer


class Ring:
    """Readings in memory, bounded: the oldest go, and are counted in ``overrun``; those in a commit stay."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._readings: list[Reading] = []
        self._committing = 0  # the oldest, that many
        self._told = 0  # the oldest, that many, which ``untold`` gave already
        self.overrun = 0
        self.trouble: str | None = None  # why the card did not take the last commit

    def __len__(self) -> int:
        return len(self._readings)

    def add(self, readings: Sequence[Reading]) -> None:
        """Takes the newest."""
        self._readings.extend(readings)
        self._trim()

    def begin(self, count: int) -> list[Reading]:
        """Gives the oldest, which are now in a commit."""
        group = self._readings[:count]
        self._committing = len(group)
        return group

    def done(self) -> None:
        """Forgets what was in the commit: it is on the card."""
        self._forget(0, self._committing)
        self._committing, self.trouble = 0, None

    def failed(self, trouble: str) -> None:
        """What was in the commit waits again."""
        self._committing, self.trouble = 0, trouble
        self._trim()

    def untold(self) -> list[Reading]:
        """Those that it has not given before."""
        fresh, self._told = self._readings[self._told :], len(self._readings)
        return fresh

    def _trim(self) -> None:
        """The oldest that are not in a commit go."""
        over = len(self._readings) - self._committing - self._capacity
        if over > 0:
            self._forget(self._committing, over)
            self.overrun += over

    def _forget(self, at: int, count: int) -> None:
        del self._readings[at : at + count]
        self._told -= min(count, max(0, self._told - at))


class Writer:
    """Collects readings from any thread and commits them in groups from its own; alarms at once."""

    def __init__(self, outbox: Outbox, flush: float, *, now: Callable[[], float] = time.monotonic) -> None:
        """``flush`` are the seconds a group is collected for; 0 commits whatever is there at once."""
        self._outbox = outbox
        self._flush, self._now = flush, now
        self._routine, self._alarms = Ring(CAPACITY), Ring(CAPACITY)
        self._change = Condition()
        self._begun: float | None = None  # when the commit began that is under way
        self._stopping = False
        self._thread = Thread(target=self._run, name="writer", daemon=True)
        self.committed = 0  # readings brought onto the card
        self.beat: Callable[[], None] = lambda: None
        self.on_commit: Callable[[], None] = lambda: None
        self.on_unstored: Callable[[Sequence[Reading], bool], None] = lambda readings, alarm: None

    def start(self) -> None:
        """Begins to commit."""
        self._thread.start()

    def offer(self, readings: Sequence[Reading], *, alarm: bool = False) -> None:
        """Takes readings and returns at once; where there is no room the oldest go, and are counted."""
        with self._change:
            (self._alarms if alarm else self._routine).add(readings)
            self._change.notify()
        self._tell()

    @property
    def trouble(self) -> str | None:
        """Why the card does not take readings now."""
        begun = self._begun
        if begun is not None and (lasting := self._now() - begun) > STALL:
            return f"it has not answered for {lasting:.0f} s"
        return self._alarms.trouble or self._routine.trouble

    @property
    def held(self) -> int:
        """Readings that are not on the card yet."""
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
            group = ring.begin(2 * GROUP)
        if not group:
            return
        was, self._begun = self.trouble, self._now()
        try:
            self._outbox.put(group, alarm=alarm)
        except StorageError as error:
            with self._change:
                ring.failed(str(error))
        else:
            with self._change:
                ring.done()
            self.committed += len(group)
        self._begun = None
        self._note(was, self.trouble)
        if ring.trouble is None:
            self.on_commit()

    def _note(self, was: str | None, trouble: str | None) -> None:
        if trouble and not was:
            log.error("the card does not take readings: %s. They are kept in memory, at most %d", trouble, CAPACITY)
        if was and not trouble:
            log.warning("the card takes readings again")
        self._tell()

    def _tell(self) -> None:
        """While there is trouble: what is only in memory, alarms first, each reading once."""
        if self.trouble is None:
            return
        for ring, alarm in ((self._alarms, True), (self._routine, False)):
            with self._change:
                untold = ring.untold()
            if untold:
                self.on_unstored(untold, alarm)
