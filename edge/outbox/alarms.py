"""The log of alarms, which also tells which seqs are alarms: read when asked for, and forgotten again.

An index of all would have to be read at the start and kept in memory; alarms of a month would cost both.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock

from edge.outbox.intervals import Intervals
from edge.outbox.log import Log, Run
from edge.reading import Stored

KEPT = 2  # segments whose alarms are remembered


class AlarmLog(Log):
    """A log that holds few of the seqs that are given out, and knows which."""

    def __init__(self, folder: Path, *, limit: int, segment: int) -> None:
        """As any log."""
        self._runs: dict[int, Intervals] = {}  # by the first seq of the segment; the last one used is the last one
        self._counts: dict[int, int] = {}
        self._index = Lock()  # of these two only: who asks must not wait for a commit on a card that stalls
        super().__init__(folder, limit=limit, segment=segment)
        self.before_eviction = self.runs

    def append(self, stored: Sequence[Stored]) -> None:
        """As any log."""
        super().append(stored)
        with self._index:
            for first, last in self.spans(stored[0][0], stored[-1][0]):
                if first in self._runs:
                    self._runs[first].add(max(first, stored[0][0]), min(last, stored[-1][0]))

    def runs(self, first: int, last: int) -> Iterator[Run]:
        """The runs of alarms within ``first`` to ``last``. Raises ``OSError``."""
        for span in self.spans(first, last):
            with self._index:
                found = list(self._of(*span).within(max(first, span[0]), min(last, span[1])))
            yield from found

    @property
    def count(self) -> int:
        """How many alarms are kept. Raises ``OSError``."""
        *whole, newest = self.spans(1, self.last) or [(1, 0)]
        with self._index:
            self._counts = {first: self._counts.get(first) or self._of(first, last).count for first, last in whole}
            return sum(self._counts.values()) + self._of(*newest).count

    def _of(self, first: int, last: int) -> Intervals:
        runs = self._runs.pop(first, None)
        self._runs[first] = self._read(first, last) if runs is None else runs
        if len(self._runs) > KEPT:
            del self._runs[next(iter(self._runs))]
        return self._runs[first]

    def _read(self, first: int, last: int) -> Intervals:
        runs, reader = Intervals(), self.reader()
        try:
            while stored := reader.read(first, last, 1000):
                for seq, _ in stored:
                    runs.add(seq, seq)
                first = stored[-1][0] + 1
        finally:
            reader.close()
        return runs
