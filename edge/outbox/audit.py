"""Reads an outbox from front to end without touching it: for `edge queue verify` and `export`."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from edge.outbox.reader import SegmentReader
from edge.outbox.segment import firsts
from edge.reading import Stored


@dataclass(slots=True)
class Audit:
    """What stands on the card. ``holes`` are runs of seqs between two readings of one log that are not there."""

    readings: int = 0
    first: int = 0
    last: int = 0
    segments: int = 0
    unreadable: list[str] = field(default_factory=list)
    seqs: list[tuple[int, int]] = field(default_factory=list)

    @property
    def holes(self) -> list[tuple[int, int]]:
        """The runs of seqs between the first and the last that no record holds."""
        runs = sorted(self.seqs)
        return [(last + 1, first - 1) for (_, last), (first, _) in pairwise(runs) if first > last + 1]

    def note(self, seq: int) -> None:
        """Counts one reading."""
        self.readings += 1
        self.first = min(self.first or seq, seq)
        self.last = max(self.last, seq)
        if self.seqs and self.seqs[-1][1] == seq - 1:
            self.seqs[-1] = (self.seqs[-1][0], seq)
        else:
            self.seqs.append((seq, seq))


def stored(folder: Path, audit: Audit | None = None) -> Iterator[Stored]:
    """Every whole reading in the outbox at ``folder``, log by log, in order of seq."""
    for log in (folder, folder / "alarms"):
        names = firsts(log) if log.is_dir() else []
        for first, below in zip(names, [*names, None][1:], strict=True):
            yield from _segment(log, first, below, audit or Audit())


def _segment(folder: Path, first: int, below: int | None, audit: Audit) -> Iterator[Stored]:
    audit.segments += 1
    try:
        segment = SegmentReader(folder, first)
    except (OSError, ValueError) as error:
        audit.unreadable.append(str(error))
        return
    try:
        while found := segment.chunk():
            for seq, reading in found:
                if below is None or seq < below:
                    audit.note(seq)
                    yield seq, reading
    finally:
        segment.close()
