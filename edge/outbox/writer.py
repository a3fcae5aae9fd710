"""The hand-off between sensing and the card: sensing never waits, what overflows is counted."""

import logging
from collections.abc import Callable, Sequence
from threading import Condition, Thread

from edge.errors import StorageError
from edge.outbox.outbox import Outbox
from edge.reading import Reading

log = logging.getLogger("edge.outbox")

CAPACITY = 20_000  # readings held while the card does not take them
GROUP = 5_000  # readings that are committed without waiting for the flush interval
RETRY = 1.0  # seconds between two tries on a failing card


class Writer:
    """Collects readings from any thread and commits them in groups from its own."""

    def __init__(self, outbox: Outbox, flush: float) -> None:
        """``flush`` are the seconds a group is collected for; 0 commits whatever is there at once."""
        self._outbox = outbox
        self._flush = flush
        self._pending: list[Reading] = []
        self._change = Condition()
        self._stopping = False
        self._thread = Thread(target=self._run, name="writer", daemon=True)
        self.overrun = 0  # readings lost because the hand-off was full
        self.trouble: str | None = None  # why the card does not take readings now
        self.beat: Callable[[], None] = lambda: None
        self.on_commit: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Begins to commit."""
        self._thread.start()

    def offer(self, readings: Sequence[Reading]) -> None:
        """Takes readings and returns at once; what finds no room is counted in ``overrun``."""
        with self._change:
            room = CAPACITY - len(self._pending)
            self._pending.extend(readings[:room])
            self.overrun += max(0, len(readings) - room)
            self._change.notify()

    @property
    def held(self) -> int:
        """Readings that are in memory only."""
        return len(self._pending)

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
                group = self._pending[: GROUP * 2]
                last_round = self._stopping
            if group:
                self._commit(group)
            if last_round and (self.trouble or not self._pending):
                return

    def _due(self) -> bool:
        full = len(self._pending) >= GROUP or (bool(self._pending) and not self._flush)
        return self._stopping or (full and self.trouble is None)

    def _commit(self, group: list[Reading]) -> None:
        try:
            self._outbox.put(group)
        except StorageError as error:
            self._note(str(error))
            return
        with self._change:
            del self._pending[: len(group)]
        self._note(None)
        self.on_commit()

    def _note(self, trouble: str | None) -> None:
        if trouble and not self.trouble:
            log.error("the card does not take readings: %s. They are kept in memory, at most %d", trouble, CAPACITY)
        if self.trouble and not trouble:
            log.warning("the card takes readings again")
        self.trouble = trouble
