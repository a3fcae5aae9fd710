"""The outbox: every reading that ``put`` took is on the card, in order, until the space is needed.

An append-only log of segments, bounded in bytes. It always starts: a torn tail is cut, a segment with a damaged header
is set aside. What has to go to make room is told to ``on_evicted``; nothing goes silently.
"""

import logging
import os
from bisect import bisect_right
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import RLock

from edge.errors import StorageError
from edge.outbox.reader import Extent, Reader, SegmentReader
from edge.outbox.segment import START, Header, Tail, create, cut, firsts, path_of, recycle, sync_folder
from edge.reading import Reading, Stored

log = logging.getLogger("edge.outbox")

SEGMENT = 1 << 20  # bytes
FEWEST = 4  # segments that even the smallest outbox has
DEFAULT_LIMIT = 2_000_000_000
SHORTEST_RECORD = 16  # bytes; what bounds the seqs a damaged segment may have held


def _free(folder: Path) -> int:
    room = os.statvfs(folder)
    return room.f_bavail * room.f_frsize


class Outbox:
    """Readings on disk; one writer, any number of readers, all calls safe from any thread."""

    def __init__(self, folder: Path, *, limit: int | None = None, segment: int = SEGMENT, known: int = 0) -> None:
        """Opens or creates it in ``folder``; ``known`` is a seq that was surely given before (from the cursors).

        ``limit`` in bytes, by default a quarter of the free space, at most 2 GB. Raises ``StorageError`` only when
        the folder itself cannot be made.
        """
        self._folder = folder
        self._lock = RLock()
        self._tail: Tail | None = None
        self.on_evicted: Callable[[int, int, str], None] = lambda first, last, reason: None
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o750)
            self.limit = limit or min(DEFAULT_LIMIT, _free(folder) // 4)
        except OSError as error:
            raise StorageError(folder, error) from error
        self._size = max(1 << 14, min(segment, self.limit // FEWEST // 4096 * 4096))
        self._firsts = firsts(folder)
        self.last = known
        self.recovered: list[Stored] = []
        self._recover()

    @property
    def first(self) -> int:
        """The oldest seq that is still kept; ``last + 1`` when nothing is."""
        return self._firsts[0] if self._firsts else self.last + 1

    @property
    def size(self) -> int:
        """Bytes on the card."""
        return len(self._firsts) * self._size

    def put(self, readings: Sequence[Reading]) -> tuple[int, int]:
        """Gives each reading the next seq; when this returns they are on the card. Returns the first and the last seq.

        Raises ``StorageError`` when the card does not take them; then none of them is accepted and no seq is used.
        """
        with self._lock:
            first = self.last + 1
            try:
                self._append(readings, first)
            except OSError as error:
                self._seal()
                raise StorageError(self._folder, error) from error
            self.last += len(readings)
            return first, self.last

    def reader(self) -> Reader:
        """A reading position of its own, for one thread."""
        return Reader(self._folder, self._extent)

    def close(self) -> None:
        """Lets go of the files."""
        with self._lock:
            self._seal()

    def _append(self, readings: Sequence[Reading], first: int) -> None:
        for seq, reading in enumerate(readings, first):
            if self._tail is None or not self._tail.fits(reading):
                if self._tail is not None:
                    self._tail.commit()
                self._roll(seq, reading)
            assert self._tail is not None  # noqa: S101 - for the type checker: _roll has set it
            self._tail.add(seq, reading)
        if self._tail is not None:
            self._tail.commit()

    def _roll(self, seq: int, reading: Reading) -> None:
        """Goes on in a new segment that begins with ``seq``."""
        self._seal()
        header = Header(seq, reading.at.ticks // 1000, reading.at.boot, int.from_bytes(os.urandom(4), "little"))
        while self._firsts and self._firsts[-1] >= seq:  # a segment that failed before its first commit
            self._drop(self._firsts.pop())
        if self.size + self._size > self.limit and self._firsts:
            self._recycle(header)
        else:
            self._create(header)
        self._firsts.append(seq)
        self._tail = Tail(self._folder, header, self._size, START, {})

    def _create(self, header: Header) -> None:
        try:
            create(self._folder, header, self._size)
        except OSError:
            if not self._firsts:
                raise
            self._recycle(header)  # a full disk: the oldest makes room

    def _recycle(self, header: Header) -> None:
        old = self._firsts[0]
        recycle(self._folder, old, header)
        self._firsts.pop(0)
        last = (self._firsts[0] if self._firsts else header.first) - 1
        self.on_evicted(old, last, "budget")

    def _drop(self, first: int) -> None:
        path_of(self._folder, first).unlink(missing_ok=True)
        sync_folder(self._folder)

    def _seal(self) -> None:
        if self._tail is not None:
            self._tail.close()
            self._tail = None

    def _extent(self, seq: int) -> Extent | None:
        """Where a seq lies; for one that is gone, the oldest place there is."""
        with self._lock:
            at = max(0, bisect_right(self._firsts, seq) - 1)
            if seq > self.last or at >= len(self._firsts):
                return None
            below = self._firsts[at + 1] if at + 1 < len(self._firsts) else None
            end = self._tail.end if self._tail is not None and below is None else None
            return Extent(self._firsts[at], end, below)

    def _recover(self) -> None:
        """Finds the last seq and where to go on writing; reads only the last segment."""
        while self._firsts:
            try:
                self._resume(self._firsts[-1])
                return
            except (OSError, ValueError) as error:
                first = self._firsts.pop()
                self.last = max(self.last, first + self._size // SHORTEST_RECORD)
                self._set_aside(first, error)

    def _resume(self, first: int) -> None:
        segment = SegmentReader(self._folder, first)
        try:
            while found := segment.chunk():
                self.recovered = found
            header, end, channels = segment.header, segment.behind, segment.channels
        finally:
            segment.close()
        self.last = max(self.last, first - 1, self.recovered[-1][0] if self.recovered else 0)
        path = path_of(self._folder, first)
        cut(path, end)
        self._tail = Tail(self._folder, header, path.stat().st_size, end, channels)

    def _set_aside(self, first: int, why: Exception) -> None:
        log.error("segment %d cannot be read (%s); it is set aside in quarantine/ and the node goes on", first, why)
        quarantine = self._folder / "quarantine"
        try:
            quarantine.mkdir(exist_ok=True)
            path_of(self._folder, first).rename(quarantine / path_of(self._folder, first).name)
            sync_folder(self._folder)
        except OSError as error:
            log.error("it could not be set aside either: %s", error)
