"""Frames out of a byte stream that starts anywhere, breaks anywhere and carries noise.

A framer rescans from the second byte of a false header, so a true frame behind it is never lost, and it
never holds more than one frame of the longest length.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from drivers.checks import Check, xor8
from drivers.errors import BadData

MORE = 0  # the length is not known yet
FALSE = -1  # this is no frame


class Format(Protocol):
    """The shape of one kind of frame."""

    @property
    def start(self) -> bytes:
        """The bytes every frame begins with."""

    @property
    def limit(self) -> int:
        """The length of the longest frame, in bytes."""

    def length(self, head: bytes) -> int:
        """The length of the frame that ``head`` begins with, ``MORE`` or ``FALSE``."""

    def valid(self, frame: bytes) -> bool:
        """Whether the check of a complete frame holds."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """Frames of one length behind a constant header."""

    start: bytes
    limit: int
    check: Check

    def length(self, head: bytes) -> int:
        """Always the same."""
        return self.limit

    def valid(self, frame: bytes) -> bool:
        """Whether the check holds."""
        return self.check(frame)


@dataclass(frozen=True, slots=True)
class Sized:
    """Frames that carry their own length; ``size(head)`` is the whole length once ``known`` bytes are there."""

    start: bytes
    known: int
    size: Callable[[bytes], int]
    check: Check
    limit: int = 1024

    def length(self, head: bytes) -> int:
        """What the length field says, unless it is absurd."""
        if len(head) < self.known:
            return MORE
        size = self.size(head)
        return size if self.known <= size <= self.limit else FALSE

    def valid(self, frame: bytes) -> bool:
        """Whether the check holds."""
        return self.check(frame)


@dataclass(frozen=True, slots=True)
class Sentence:
    """NMEA 0183: ``$`` fields ``*HH`` and a line end. The check sum is a must, as noise looks like numbers."""

    start: bytes = b"$"
    limit: int = 255  # 82 by the standard; high precision receivers send up to 100

    def length(self, head: bytes) -> int:
        """To the line feed; another ``$`` or a byte outside ASCII before it means a torn line."""
        end = head.find(b"\n", 0, self.limit)
        body = head[1 : end if end >= 0 else self.limit]
        if b"$" in body or not body.isascii():
            return FALSE
        if end >= 0:
            return end + 1
        return MORE if len(head) < self.limit else FALSE

    def valid(self, frame: bytes) -> bool:
        """Whether ``*HH`` is the exclusive or of all between ``$`` and ``*``."""
        body, star, digits = frame[1:].rstrip().rpartition(b"*")
        try:
            return bool(star) and len(digits) == 2 and digits.isalnum() and int(digits, 16) == xor8(body)
        except ValueError:
            return False


@dataclass(frozen=True, slots=True)
class Line:
    """Printable text from ``start`` to ``end``. Without a check sum it is for the driver to know its shape."""

    start: bytes
    end: bytes = b"\r"
    limit: int = 80

    def length(self, head: bytes) -> int:
        """To the line end; anything that is not printable before it means that this is no line."""
        end = head.find(self.end, 0, self.limit)
        body = head[: end if end >= 0 else self.limit].rstrip(b"\r")
        if not body.isascii() or not body.decode().isprintable():
            return FALSE
        if end >= 0:
            return end + len(self.end)
        return MORE if len(head) < self.limit else FALSE

    def valid(self, frame: bytes) -> bool:
        """Always: there is nothing to check."""
        return True


class Framer:
    """Takes bytes as they come, gives frames; counts what it threw away.

    ``bad`` counts frames whose check failed, ``noise`` the bytes that belonged to no frame.
    """

    def __init__(self, *formats: Format) -> None:
        self._formats = formats
        self._buffer = bytearray()
        self.bad = 0
        self.noise = 0

    def feed(self, data: bytes) -> None:
        """Adds what arrived."""
        self._buffer += data

    def next(self, *, idle: bool = False) -> bytes | None:
        """The next valid frame, or None when more bytes are needed.

        ``idle`` says that the line fell silent: then a half frame no longer hides whole ones behind it.
        Raises ``BadData`` for a frame with a wrong check sum; the next call goes on behind its first byte.
        """
        at = 0
        while (found := self._find(at)) is not None:
            at, shape = found
            length = shape.length(bytes(self._buffer[at : at + shape.limit]))
            if length == FALSE:
                at += 1
            elif length == MORE or at + length > len(self._buffer):
                frame = self._behind(at) if idle else None
                if frame is None:
                    self._drop(at)
                return frame
            else:
                return self._take(at, length, shape)
        self._drop(max(at, len(self._buffer) - self._overlap()))
        return None

    @property
    def waiting(self) -> int:
        """Bytes held back: the beginning of a frame, or noise."""
        return len(self._buffer)

    def _find(self, at: int) -> tuple[int, Format] | None:
        hits = [(self._buffer.find(shape.start, at), index) for index, shape in enumerate(self._formats)]
        best = min((hit for hit in hits if hit[0] >= 0), default=None)
        return None if best is None else (best[0], self._formats[best[1]])

    def _take(self, at: int, length: int, shape: Format) -> bytes:
        frame = bytes(self._buffer[at : at + length])
        if not shape.valid(frame):
            self._drop(at + 1)
            self.bad += 1
            raise BadData(f"wrong check sum in a frame of {length} bytes that begins {frame[:4].hex(' ')}")
        self.noise += at
        del self._buffer[: at + length]
        return frame

    def _behind(self, at: int) -> bytes | None:
        """A whole frame behind the half one at ``at``, which is then given up."""
        start = at + 1
        while (found := self._find(start)) is not None:
            start, shape = found
            length = shape.length(bytes(self._buffer[start : start + shape.limit]))
            if length > 0 and start + length <= len(self._buffer):
                frame = bytes(self._buffer[start : start + length])
                if shape.valid(frame):
                    return self._take(start, length, shape)
            start += 1
        return None

    def _drop(self, count: int) -> None:
        self.noise += count
        del self._buffer[:count]

    def _overlap(self) -> int:
        """A header may be cut by the end of the buffer: so many bytes must stay."""
        longest = max(len(shape.start) for shape in self._formats) - 1
        for keep in range(min(longest, len(self._buffer)), 0, -1):
            tail = bytes(self._buffer[-keep:])
            if any(shape.start.startswith(tail) for shape in self._formats):
                return keep
        return 0
