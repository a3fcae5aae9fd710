"""The audit trail: who asked for what and what became of it; a line cannot be changed or taken out unnoticed.

JSON lines, each with the SHA-256 of the line before, bounded in size: the oldest half goes when it is full, and the
newer one begins with the sum of its last line. The state keeps the sum of the newest line, so that a cut end shows.
"""

import hashlib
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from edge.clock import Clock

log = logging.getLogger("edge.audit")

HALF = 4_000_000  # bytes of a file; there are two of them
LAST = 1 << 16  # bytes in which the last lines stand
BEGIN = "0" * 64


class Noted(NamedTuple):
    """A line of the trail: its number, and the sum that the line behind it has as ``prev``."""

    number: int
    sum: str


class Audit:
    """An append-only file; safe from any thread. A card that does not take a line never stops anything."""

    def __init__(self, path: Path, clock: Clock, half: int = HALF) -> None:
        """Goes on behind the last line of ``path``."""
        self._path, self._clock, self._half, self._lock = path, clock, half, Lock()
        self._number, self.head = _end(path)

    def note(self, what: str, *, sync: bool = False, **fields: Any) -> Noted | None:
        """One line; with ``sync`` it is on the card when this returns. None where it could not be written."""
        now = self._clock.now()
        utc = self._clock.utc(now)
        with self._lock:
            entry = {"n": self._number + 1, "boot": now.boot, "ticks": now.ticks, "utc": utc and utc // 10**9,
                     "what": what, **fields, "prev": self.head}  # fmt: skip
            line = json.dumps(entry, separators=(",", ":"), default=str).encode() + b"\n"
            try:
                self._append(line, sync=sync)
            except OSError as error:
                log.error("the audit trail cannot be written: %s", error)
                return None
            self._number, self.head = self._number + 1, _sum(line)
            return Noted(self._number, self.head)

    def _append(self, line: bytes, *, sync: bool) -> None:
        if self._path.exists() and self._path.stat().st_size + len(line) > self._half:
            self._path.replace(older(self._path))
        fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
        try:
            if os.write(fd, line) < len(line):
                raise OSError("a part of the line only was written")
            if sync:
                os.fdatasync(fd)
        finally:
            os.close(fd)


def older(path: Path) -> Path:
    """Where the half before this one lies."""
    return path.with_suffix(".1.jsonl")


def lines(path: Path) -> Iterator[bytes]:
    """All lines, oldest first."""
    for part in (older(path), path):
        if part.exists():
            with part.open("rb") as file:
                yield from file


def broken(path: Path, head: str | None = None) -> str | None:
    """What is wrong with a trail, None when every line follows from the one before.

    ``head`` is the sum that the last line should have. A line that a power cut has torn is one like the others.
    """
    last, count = (None, 0) if older(path).exists() else (BEGIN, 0)
    for at, line in enumerate(lines(path), 1):
        entry = _entry(line)
        if entry is not None and last is not None and (entry["prev"] != last or entry["n"] != count + 1):
            return f"line {at} does not follow from the line before it: one was changed or taken out"
        last, count = _sum(line), count + 1 if entry is None else entry["n"]
    if head not in (None, BEGIN) and head != last:
        return "the end is not the one that the node remembers: lines are missing there"
    return None


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
        return entry if isinstance(entry["n"], int) and isinstance(entry["prev"], str) else None
    except (ValueError, KeyError, TypeError):
        return None


def _end(path: Path) -> tuple[int, str]:
    """Number and sum of the last line; a torn one is ended first, so that it stays a line of its own."""
    try:
        if not path.exists():
            return 0, BEGIN
        with path.open("r+b") as file:
            file.seek(max(0, path.stat().st_size - LAST))
            end = file.read().splitlines(keepends=True)
            if end and not end[-1].endswith(b"\n"):
                file.write(b"\n")
                end[-1] += b"\n"
    except OSError as error:
        log.error("the audit trail cannot be read: %s", error)
        return 0, BEGIN
    number = 0
    for line in end:
        entry = _entry(line)
        number = number + 1 if entry is None else entry["n"]
    return number, _sum(end[-1]) if end else BEGIN


def _sum(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()
