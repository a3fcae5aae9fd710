"""A segment: one file of the outbox, of constant size, written once from front to end.

It is filled with zeros beforehand or recycled from an older one by rename, so that a sync later writes one page and no
metadata. Its name is the first seq it may hold. Its header stands at its front (``header.py``), then come records.
"""

import errno
import logging
import os
import re
import stat
from itertools import count
from pathlib import Path

from edge.durable import sync_folder
from edge.outbox.header import Header
from edge.outbox.record import US_LIMIT, Channel, channel_record, reading_record
from edge.reading import Reading

NAME = re.compile(r"(\d{16}|[1-9]\d{16,18})\.seg")  # as ``path_of`` makes it, and no other way to write the number
SPARE = "spare.tmp"
FOREIGN = (errno.ELOOP, errno.EISDIR, errno.ENXIO, errno.EACCES, errno.EPERM)  # of a link, folder, pipe, locked file

log = logging.getLogger("edge.outbox")


def path_of(folder: Path, first: int) -> Path:
    """Where the segment that begins with seq ``first`` lies."""
    return folder / f"{first:016d}.seg"


def firsts(folder: Path) -> list[int]:
    """The first seqs of all segments in a folder, in order."""
    return sorted(int(found[1]) for path in folder.iterdir() if (found := NAME.fullmatch(path.name)))


def write_all(fd: int, data: bytes | bytearray, at: int) -> None:
    """Writes all of ``data`` at an offset, however little the kernel takes at a time. Raises ``OSError``."""
    view = memoryview(data)
    while view:
        done = os.pwrite(fd, view, at)
        if not done:
            raise OSError(errno.EIO, "the card takes no byte, and gives no reason")
        view, at = view[done:], at + done


def open_plain(path: Path, flags: int) -> int:
    """Opens a plain file; never waits for the far end of a pipe and never follows a link.

    Raises ``ValueError`` for what is no readable file of ours, ``OSError`` for trouble with the card.
    """
    try:
        fd = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o640)
    except OSError as error:
        if error.errno in FOREIGN:
            raise ValueError(f"{path.name}: {error.strerror}") from error
        raise
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise ValueError(f"{path.name} is no plain file")
    return fd


def set_aside(path: Path) -> None:
    """Moves what is not ours into ``quarantine/`` beside it, under a name that is free. Raises ``OSError``."""
    quarantine = path.parent / "quarantine"
    quarantine.mkdir(exist_ok=True)
    names = (quarantine / (f"{path.name}.{number}" if number else path.name) for number in count())
    path.rename(next(name for name in names if not os.path.lexists(name)))
    sync_folder(quarantine)
    sync_folder(path.parent)


def retire(folder: Path, old: int) -> None:
    """Makes the file of an evicted segment the spare one; its records will not fit the salt of its next life.

    What is no plain file is set aside instead, and one that is gone already needs nothing.
    """
    path, spare = path_of(folder, old), folder / SPARE
    if not os.path.lexists(path):
        return
    if path.is_symlink() or not path.is_file():
        set_aside(path)
        return
    if spare.is_dir() and not spare.is_symlink():
        set_aside(spare)
    path.rename(spare)


def create(folder: Path, header: Header, size: int) -> None:
    """A new segment, durable when this returns: the spare file if there is one, else a file full of zeros.

    Raises ``OSError`` and leaves nothing behind that counts as a segment.
    """
    fd = _spare(folder)
    try:
        filled = os.fstat(fd).st_size
        if filled > size:
            os.ftruncate(fd, size)
        write_all(fd, bytes(max(0, size - filled)), filled)
        write_all(fd, header.pack(), 0)
        os.fsync(fd)
    finally:
        os.close(fd)
    (folder / SPARE).rename(path_of(folder, header.first))
    sync_folder(folder)


def _spare(folder: Path) -> int:
    """The spare file, opened or begun; what is in its place and is no file of ours is set aside."""
    path = folder / SPARE
    try:
        return open_plain(path, os.O_WRONLY | os.O_CREAT)
    except ValueError as error:
        log.error("%s cannot be used (%s); it is set aside in quarantine/", path, error)
        set_aside(path)
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)


def cut(path: Path, end: int) -> None:
    """Wipes what stands behind the last whole record, so that a torn commit can never come back to life."""
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        rest = os.pread(fd, os.fstat(fd).st_size - end, end)
        if rest.strip(b"\0"):
            write_all(fd, bytes(len(rest)), end)
            os.fdatasync(fd)
    finally:
        os.close(fd)


class Tail:
    """The segment that is being written: collects records, commits them with one write and one sync."""

    def __init__(self, folder: Path, header: Header, size: int, end: int, channels: dict[int, Channel]) -> None:
        """``end`` is where the last committed record ends; ``channels`` are those the segment names already."""
        self.header, self.size, self.end = header, size, end
        self._fd = os.open(path_of(folder, header.first), os.O_WRONLY | os.O_CLOEXEC)
        self._numbers = {channel: number for number, channel in channels.items()}
        self._records = bytearray()

    def fits(self, reading: Reading) -> bool:
        """Whether the reading belongs here: same boot, near the base in time, and room for it."""
        near = abs(reading.at.ticks // 1000 - self.header.base) < US_LIMIT
        room = self.size - self.end - len(self._records)
        return near and reading.at.boot == self.header.boot and room > 2048

    def add(self, seq: int, reading: Reading) -> None:
        """Collects a reading. A channel new to this segment is named first, twice, lest a flipped bit cost it all."""
        channel = Channel(reading.device, reading.quantity, reading.unit)
        number = self._numbers.get(channel)
        if number is None:
            number = self._numbers[channel] = len(self._numbers)
            self._records += channel_record(number, channel, self.header.salt) * 2
        self._records += reading_record(seq, number, reading, self.header)

    def commit(self) -> None:
        """What was collected is on the card when this returns.

        Raises ``OSError``; then the segment must not be written again.
        """
        write_all(self._fd, self._records, self.end)
        os.fdatasync(self._fd)
        self.end += len(self._records)
        self._records.clear()

    def close(self) -> None:
        """Lets go of the file."""
        os.close(self._fd)
