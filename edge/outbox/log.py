"""One append-only log of segments on the card, bounded in bytes.

It always starts: a torn tail is cut, a segment with a damaged header is set aside. What has to go to make room is told
to ``on_evicted``; nothing goes silently.
"""

import errno
import logging
import os
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from threading import RLock

from edge.durable import sync_folder
from edge.errors import StorageError
from edge.outbox.header import START, VERSION, Header
from edge.outbox.reader import Extent, Reader, SegmentReader
from edge.outbox.record import SHORTEST_READING
from edge.outbox.segment import SPARE, Tail, create, cut, firsts, path_of, retire, set_aside
from edge.reading import Reading, Stored

log = logging.getLogger("edge.outbox")

Run = tuple[int, int]  # the first and the last of a run of seqs

SEGMENT = 1 << 20  # bytes
SMALLEST = 1 << 14  # bytes of a segment
FEWEST = 4  # segments that even the smallest outbox has
DEFAULT_LIMIT = 2_000_000_000
FULL = (errno.ENOSPC, errno.EDQUOT)


def is_full(error: StorageError) -> bool:
    """Whether the card has no room, rather than another trouble."""
    return isinstance(error.__cause__, OSError) and error.__cause__.errno in FULL


def _free(folder: Path) -> int:
    room = os.statvfs(folder)
    return room.f_bavail * room.f_frsize


class Log:
    """Readings with ascending seqs on disk; one writer, any number of readers, all calls safe from any thread."""

    def __init__(self, folder: Path, *, limit: int | None = None, segment: int = SEGMENT) -> None:
        """Opens or creates it in ``folder``.

        ``limit`` in bytes, by default a quarter of the free space, at most 2 GB. A card that does not answer now is
        asked again by each ``append``.
        """
        self._folder = folder
        self._wanted, self._segment = limit, segment
        self.limit = limit or DEFAULT_LIMIT
        self._size = segment
        self._lock = RLock()
        self._tail: Tail | None = None
        self._firsts: list[int] = []
        self._newest: dict[tuple[str, str], Stored] = {}
        self._opened = False
        self.last = 0
        self.before_roll: Callable[[], None] = lambda: None  # a new segment begins: what was last is last no more
        self.before_eviction: Callable[[int, int], Iterable[Run]] = lambda first, last: [(first, last)]
        self.soiled = False  # whether the last append that failed may have left something on the card
        self.quarantined: list[str] = []  # what was set aside when the log was opened, with the reason
        self.damaged: list[Run] = []  # the first seq and the farthest one that each of these may have held
        self.on_evicted: Callable[[int, int, str], None] = lambda first, last, reason: None
        try:
            self._open()
        except OSError as error:
            log.error("the outbox cannot be opened: %s. Tries go on", StorageError(folder, error))

    @property
    def recovered(self) -> list[Stored]:
        """The newest reading of each channel in the segment that was the last one when the log was opened."""
        return list(self._newest.values())

    @property
    def first(self) -> int:
        """The oldest seq that is still kept; ``last + 1`` when nothing is."""
        return self._firsts[0] if self._firsts else self.last + 1

    @property
    def size(self) -> int:
        """Bytes on the card."""
        return len(self._firsts) * self._size

    def append(self, stored: Sequence[Stored]) -> None:
        """When this returns the readings are on the card; their seqs ascend and are higher than all before.

        Raises ``StorageError`` when the card does not take them; then none of them counts as written.
        """
        with self._lock:
            self.soiled = False
            self.ready()
            try:
                self._write(stored)
            except OSError as error:
                self._seal()
                raise StorageError(self._folder, error) from error
            self.last = stored[-1][0]

    def ready(self) -> bool:
        """Opens the log if the card did not answer before; tells whether it did so now. Raises ``StorageError``."""
        with self._lock:
            if self._opened:
                return False
            try:
                self._open()
            except OSError as error:
                raise StorageError(self._folder, error) from error
            return True

    @property
    def absent(self) -> bool:
        """Whether it surely holds nothing, because its folder does not exist."""
        try:
            self._folder.lstat()
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return False

    def spans(self, first: int, last: int) -> list[Run]:
        """The segments that may hold any of these seqs: the first and the last seq that each of them may hold."""
        kept, starts = self.last, self._firsts[:]
        ends = [*(below - 1 for below in starts[1:]), kept]
        low = max(0, bisect_right(starts, first) - 1)
        return list(zip(starts, ends, strict=False))[low : bisect_right(starts, last)]

    def give_way(self) -> bool:
        """Gives the space of the oldest segment back to the card for others; the last one it keeps."""
        with self._lock:
            if len(self._firsts) < 2:
                return False
            try:
                self._evict_oldest()
                (self._folder / SPARE).unlink(missing_ok=True)
                sync_folder(self._folder)
            except OSError as error:
                log.error("no space could be made: %s", error)
                return False
            return True

    def limit_to(self, limit: int | None) -> None:
        """Another limit in bytes, from the next segment on; None is the default."""
        with self._lock:
            self._wanted = limit
            self.limit = limit or min(DEFAULT_LIMIT, _free(self._folder) // 4)

    def reader(self) -> Reader:
        """A reading position of its own, for one thread."""
        return Reader(self._folder, self._extent)

    def close(self) -> None:
        """Lets go of the files."""
        with self._lock:
            self._seal()

    def _write(self, stored: Sequence[Stored]) -> None:
        for seq, reading in stored:
            if self._tail is None or not self._tail.fits(reading):
                self._commit()
                self._tail = self._roll(seq, reading)
            self._tail.add(seq, reading)
        self._commit()

    def _commit(self) -> None:
        """From here on a failure may leave records on the card that do not count."""
        if self._tail is not None:
            self.soiled = True
            self._tail.commit()

    def _roll(self, seq: int, reading: Reading) -> Tail:
        """Goes on in a new segment that begins with ``seq``."""
        self._seal()
        self.before_roll()
        header = Header(seq, reading.at.ticks // 1000, reading.at.boot, int.from_bytes(os.urandom(4), "little"))
        while self._firsts and self._firsts[-1] >= seq:  # a segment that failed before its first commit
            self._drop(self._firsts.pop())
        while self._firsts and self.size + self._size > self.limit:
            self._evict_oldest()
        self._firsts.append(seq)  # even if what follows fails: a half-made segment is dropped the next time
        self._create(header)
        return Tail(self._folder, header, self._size, START, {})

    def _create(self, header: Header) -> None:
        try:
            create(self._folder, header, self._size)
        except OSError as error:
            if error.errno not in (*FULL, errno.EFBIG) or len(self._firsts) < 3:
                raise
            self._evict_oldest()
            create(self._folder, header, self._size)

    def _evict_oldest(self) -> None:
        """Makes room on a full card or at the end of the budget; the newest segment stays whatever happens."""
        old, last = self._firsts[0], (self._firsts[1] - 1 if len(self._firsts) > 1 else self.last)
        going = list(self.before_eviction(old, last))
        retire(self._folder, old)
        del self._firsts[0]
        for run in going:
            self.on_evicted(*run, "budget")
        sync_folder(self._folder)

    def _drop(self, first: int) -> None:
        path_of(self._folder, first).unlink(missing_ok=True)
        sync_folder(self._folder)

    def _seal(self) -> None:
        if self._tail is not None:
            self._tail.close()
            self._tail = None

    def _extent(self, seq: int) -> Extent | None:
        """Where a seq lies; for one that is gone, the oldest place there is.

        Takes no lock, lest who reads wait for a commit on a card that stalls: a tail is set after its first seq, and so
        is asked for before it.
        """
        last, tail, starts = self.last, self._tail, self._firsts[:]
        at = max(0, bisect_right(starts, seq) - 1)
        if seq > last or at >= len(starts):
            return None
        below = starts[at + 1] if at + 1 < len(starts) else None
        end = tail.end if tail is not None and tail.header.first == starts[at] and below is None else None
        return Extent(starts[at], end, below)

    def _open(self) -> None:
        """Finds the last seq and where to go on; reads the last segment only, if it is whole. Raises ``OSError``."""
        self._make_folder()
        self.limit = self._wanted or min(DEFAULT_LIMIT, _free(self._folder) // 4)
        self._size = max(SMALLEST, min(self._segment, self.limit // FEWEST // 4096 * 4096))
        self._firsts = firsts(self._folder)
        while self._firsts and not self._resume(self._firsts[-1]):
            pass
        self._opened = True

    def _make_folder(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o750)
            sync_folder(self._folder.parent)
        except FileExistsError:
            log.error("%s is no folder; it is set aside in quarantine/ beside it", self._folder)
            set_aside(self._folder)
            self._folder.mkdir(mode=0o750)
            sync_folder(self._folder.parent)

    def _resume(self, first: int) -> bool:
        """Takes up writing where the last segment ends; one without a header is set aside instead.

        One on a bad sector stays where it is: it may be readable another time.
        """
        try:
            segment = self._recall(first)
        except ValueError as error:
            self.damaged.append((first, first + self._size // SHORTEST_READING))
            self._set_aside(self._firsts.pop(), error)
            return False
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            self.last = max(self.last, first + self._size // SHORTEST_READING)
            log.error("segment %d cannot be read now (%s); it stays, and a new one is begun", first, error)
            return True
        self.last = max(self.last, first - 1, *(seq for seq, _ in self._newest.values()))
        path = path_of(self._folder, first)
        try:
            cut(path, segment.behind)
            if segment.header.version == VERSION:  # behind an older one a new one is begun
                self._tail = Tail(self._folder, segment.header, path.stat().st_size, segment.behind, segment.channels)
        except OSError as error:
            log.error("the last segment cannot be written (%s); a new one is begun", error)
        return True

    def _recall(self, first: int) -> SegmentReader:
        """Reads a segment, closes it, and keeps the newest reading of each channel."""
        segment = SegmentReader(self._folder, first)
        newest: dict[tuple[str, str], Stored] = {}
        try:
            while found := segment.chunk():
                newest.update(((stored[1].device, stored[1].quantity), stored) for stored in found)
        finally:
            segment.close()
        self._newest = newest
        return segment

    def _set_aside(self, first: int, why: Exception) -> None:
        log.error("segment %d cannot be read (%s); it is set aside in quarantine/ and the node goes on", first, why)
        self.quarantined.append(f"{path_of(self._folder, first).name}: {why}")
        try:
            set_aside(path_of(self._folder, first))
        except OSError as error:
            log.error("it could not be set aside either: %s", error)
