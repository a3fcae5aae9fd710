"""Reads on through the segments in order of seq, a chunk at a time: a backlog of a month costs no memory."""

import errno
import os
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from edge.outbox.header import START, Header, unpack_header
from edge.outbox.record import CHANNEL, Channel, channel_of, reading_of, records
from edge.outbox.segment import open_plain, path_of
from edge.reading import Stored

CHUNK = 1 << 14  # a thousand readings: what is decoded at once stays in memory for good
LONGEST = 2048  # bytes of a record
BARREN = 4  # chunks without a record that are looked through for the next one


class Extent(NamedTuple):
    """Where to read: a segment, up to which byte (None: to its end) and below which seq."""

    first: int
    end: int | None
    below: int | None


class SegmentReader:
    """Decodes one segment from front to end; ``behind`` is where the last whole record ended."""

    def __init__(self, folder: Path, first: int) -> None:
        """Raises ``OSError`` when the file is gone, ``ValueError`` when it is no file or its header is damaged."""
        self._fd = open_plain(path_of(folder, first), os.O_RDONLY)
        found = unpack_header(os.pread(self._fd, START, 0))
        if found is None or found.first != first:
            self.close()
            raise ValueError(f"segment {first} has no whole header")
        self.header: Header = found
        self.channels: dict[int, Channel] = {}
        self.offset = self.behind = START

    def chunk(self, end: int | None = None) -> list[Stored]:
        """The readings of the next chunk; none at the end, or where ``BARREN`` chunks on end hold nothing."""
        for _ in range(BARREN):
            data = os.pread(self._fd, CHUNK if end is None else min(CHUNK, end - self.offset), self.offset)
            found, used = self._decoded(data)
            if used:
                self.behind = self.offset + used
            elif len(data) == CHUNK:
                used = CHUNK - LONGEST
            self.offset += used
            if found or len(data) < CHUNK:
                return found
        return []

    def close(self) -> None:
        """Lets go of the file."""
        os.close(self._fd)

    def _decoded(self, data: bytes) -> tuple[list[Stored], int]:
        found: list[Stored] = []
        used = 0
        for behind, kind, body in records(data, 0, self.header):
            used = behind
            if kind == CHANNEL:
                self.channels.update([channel_of(body)])
                continue
            reading = reading_of(kind, body, self.channels, self.header)
            if reading is not None:
                found.append(reading)
        return found, used


class Reader:
    """One reading position; cheap to go on with, dearer to go back: a segment is read from its front."""

    def __init__(self, folder: Path, extent_of: Callable[[int], Extent | None]) -> None:
        """``extent_of(seq)`` tells where a seq lies, None if it is nowhere."""
        self._folder = folder
        self._extent_of = extent_of
        self._segment: SegmentReader | None = None
        self._ahead: deque[Stored] = deque()
        self._next = 0

    def read(self, first: int, last: int, count: int) -> list[Stored]:
        """At most ``count`` readings from seq ``first`` to ``last``; what is lost is simply not among them.

        Raises ``OSError`` when the card does not answer.
        """
        if first < self._next:
            self.close()
        found: list[Stored] = []
        while len(found) < count and (stored := self._pull(found[-1][0] + 1 if found else first)):
            if stored[0] > last:
                self._ahead.appendleft(stored)
                break
            if stored[0] >= first:
                found.append(stored)
        self._next = found[-1][0] + 1 if found else first
        return found

    def close(self) -> None:
        """Forgets the position."""
        if self._segment is not None:
            self._segment.close()
            self._segment = None
        self._ahead.clear()

    def _pull(self, seq: int) -> Stored | None:
        """The next reading of the segment that holds ``seq``, or of the first one behind it that has any."""
        while not self._ahead:
            extent = self._extent_of(seq)
            if extent is None:
                return None
            self._fill(extent)
            if not self._ahead:
                if extent.below is None:
                    return None
                seq = extent.below
        return self._ahead.popleft()

    def _fill(self, extent: Extent) -> None:
        """Takes in the next chunk; what is gone, damaged or on a bad spot gives nothing. Raises ``OSError``."""
        try:
            if self._segment is None or self._segment.header.first != extent.first:
                self.close()
                self._segment = SegmentReader(self._folder, extent.first)
            below = extent.below
            self._ahead.extend(s for s in self._segment.chunk(extent.end) if below is None or s[0] < below)
        except (FileNotFoundError, ValueError):
            self.close()
        except OSError as error:
            self.close()
            if error.errno != errno.EIO or extent.below is None or not _readable(self._folder, extent.below):
                raise


def _readable(folder: Path, first: int) -> bool:
    """Whether another segment can be read: then a bad spot is on the card, not the whole card away."""
    try:
        segment = SegmentReader(folder, first)
        try:
            segment.chunk()
        finally:
            segment.close()
    except FileNotFoundError:
        return True
    except (OSError, ValueError) as error:
        return isinstance(error, ValueError)
    return True
