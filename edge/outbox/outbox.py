"""The outbox: every reading that ``put`` took is on the card until every destination has it and the space is needed.

Two logs with one numbering: routine readings and alarms, so that an alarm overtakes a backlog and outlives it. Order of
sacrifice when the space is needed: routine readings from the oldest on; where a destination still lacks them, their
minute means are put in their place first. Alarms have a budget of their own.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import RLock

from edge.errors import StorageError
from edge.outbox.alarms import AlarmLog
from edge.outbox.card import Card
from edge.outbox.log import FEWEST, SEGMENT, SMALLEST, Log, Run, is_full
from edge.outbox.reader import Reader
from edge.reading import Reading, Stored

ALARM_SHARE = 16  # the alarm log may have one part in so many of the limit
ALARM_LIMIT = 16_000_000  # bytes it has at most
FAR = 1 << 20  # seqs from the last one known at which a damaged segment may begin: alarms and void seqs lie between
ALONE = 1 << 48  # where it may begin if its log has no whole one
ROUNDS = 3  # times that thinning may follow thinning within one put


class Outbox:
    """Readings on disk under seqs that are never used again; all calls safe from any thread."""

    def __init__(self, folder: Path, *, limit: int | None = None, segment: int = SEGMENT, known: int = 0) -> None:
        """Opens or creates it in ``folder``; ``known`` is a seq that was surely given before (from the cursors).

        ``limit`` in bytes, by default a quarter of the free space, at most 2 GB. It opens whatever the card is like.
        """
        self._lock = RLock()
        self._routine = Log(folder, limit=limit, segment=segment)
        self._alarm = AlarmLog(folder / "alarms", limit=self._alarm_limit(), segment=segment)
        self.card = Card(folder)
        self.last = self._highest(known)
        self._means: list[Reading] = []
        self._thinned = False  # whether the segment that goes now leaves means
        self._soiled: tuple[Log, int] | None = None  # where a failed put may have left records, and up to which seq
        self.needed: Callable[[int, int], bool] = lambda first, last: False
        self.on_evicted: Callable[[int, int, str], None] = lambda first, last, reason: None
        self.on_void: Callable[[int, int], None] = lambda first, last: None
        # before a segment begins, in the thread that puts: what stood on the others is read no more at a start
        self.before_roll: Callable[[], None] = lambda: None
        for log in (self._routine, self._alarm):
            log.before_roll = lambda: self.before_roll()
        self._routine.before_eviction = self._thin
        self._routine.on_evicted = self._routine_gone
        self._alarm.on_evicted = lambda first, last, reason: self.on_evicted(first, last, reason)

    @property
    def recovered(self) -> list[Stored]:
        """The newest readings in the last segments when the outbox was opened: what came after ``before_roll``."""
        return self._routine.recovered + self._alarm.recovered

    @property
    def quarantined(self) -> list[str]:
        """What was set aside when the outbox was opened, with the reason."""
        return self._routine.quarantined + self._alarm.quarantined

    @property
    def first(self) -> int:
        """The oldest routine seq that is still kept; ``last + 1`` when nothing is."""
        return self._routine.first if self._routine.size else self.last + 1

    @property
    def size(self) -> int:
        """Bytes on the card."""
        return self._routine.size + self._alarm.size

    @property
    def limit(self) -> int:
        """Bytes that routine readings may take."""
        return self._routine.limit

    def put(self, readings: Sequence[Reading], *, alarm: bool = False) -> tuple[int, int]:
        """Gives each reading the next seq; when this returns they are on the card. Returns the first and the last seq.

        Raises ``StorageError`` when the card does not take them; then none of them is accepted. A seq that the failed
        put may have left on the card is void and told to ``on_void``, if the other log would use it next.
        """
        with self._lock:
            taken = self._take(readings, self._alarm if alarm else self._routine)
            self._keep_means()
            return taken

    def limit_to(self, limit: int | None) -> None:
        """Another limit in bytes, from the next segment on; None is the default."""
        self._routine.limit_to(limit)
        self._alarm.limit_to(self._alarm_limit())

    def reader(self, *, alarm: bool = False) -> Reader:
        """A reading position of its own in one of the logs, for one thread."""
        return (self._alarm if alarm else self._routine).reader()

    def alarms(self, first: int, last: int) -> Iterator[Run]:
        """The runs of alarms within ``first`` to ``last``. Raises ``OSError``."""
        return self._alarm.runs(first, last)

    def routine(self, first: int, last: int) -> Iterator[Run]:
        """The runs within ``first`` to ``last`` that are no alarms. Raises ``OSError``."""
        for low, high in self._alarm.runs(first, last):
            if first < low:
                yield first, low - 1
            first = high + 1
        if first <= last:
            yield first, last

    def gone(self) -> Iterator[Run]:
        """The runs of seqs that are no longer kept. Raises ``OSError``."""
        return self.routine(1, self.first - 1)

    @property
    def alarm_count(self) -> int:
        """How many alarms are kept. Raises ``OSError``."""
        return self._alarm.count

    def close(self) -> None:
        """Lets go of the files."""
        self._routine.close()
        self._alarm.close()

    def _keep_means(self) -> None:
        """What could not be written now is for the next put: the readings of this one are on the card already."""
        for _ in range(ROUNDS):
            means, self._means = self._means, []
            if not means:
                return
            try:
                self._take(means, self._routine)
            except StorageError:
                self._means = means + self._means
                return

    def _take(self, readings: Sequence[Reading], log: Log) -> tuple[int, int]:
        self._open(log)
        self._pass_over(log)
        first = self.last + 1
        stored = list(enumerate(readings, first))
        try:
            self._append(log, stored)
        except StorageError:
            if log.soiled:
                self._soiled = log, stored[-1][0]
            raise
        self._soiled = None
        self.last += len(readings)
        return first, self.last

    def _open(self, log: Log) -> None:
        """No seq is given out before both logs have told which they hold. Raises ``StorageError``."""
        for each in (self._routine, self._alarm):
            try:
                if each.ready():
                    self.last = self._highest(self.last)
            except StorageError:
                if each is log or not each.absent:
                    raise

    def _append(self, log: Log, stored: Sequence[Stored]) -> None:
        try:
            log.append(stored)
        except StorageError as error:
            if log is self._routine or not is_full(error) or not self._routine.give_way():
                raise
            log.append(stored)

    def _pass_over(self, log: Log) -> None:
        """A seq never means two things: what may lie on the card in the other log is not given out again."""
        if self._soiled is not None and self._soiled[0] is not log:
            void, self.last, self._soiled = self.last + 1, self._soiled[1], None
            self.on_void(void, self.last)

    def _alarm_limit(self) -> int:
        return max(FEWEST * SMALLEST, min(ALARM_LIMIT, self._routine.limit // ALARM_SHARE))

    def _highest(self, known: int) -> int:
        """The last seq that may have been given out, as far as the logs tell.

        What a damaged segment held counts, but no file of others under a wild number: that lies far from all the rest.
        """
        last = max(known, self._routine.last, self._alarm.last)
        damaged = [(*run, log.last > 0) for log in (self._routine, self._alarm) for run in log.damaged]
        for first, farthest, others in sorted(damaged):
            if first <= (last + FAR if others else ALONE):
                last = max(last, farthest)
        return last

    def _thin(self, first: int, last: int) -> Iterator[Run]:
        """Keeps the minute means of what is about to go, where a destination still lacks it."""
        self._thinned = False
        if self.needed(first, last):
            from edge.outbox.thin import thinned  # seldom needed, and it brings the statistics with it

            reader = self._routine.reader()
            means = thinned(reader.read(first, last, last - first + 1))
            reader.close()
            self._means += means
            self._thinned = bool(means)
        return self.routine(first, last)

    def _routine_gone(self, first: int, last: int, reason: str) -> None:
        self.on_evicted(first, last, "thinned to minute means" if self._thinned else reason)
