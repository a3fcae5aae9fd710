"""The proof: every reading that is on the card has arrived, and none was changed on its way."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from edge.cli.demo.receiver import Inbox
from edge.outbox.cursor import runs
from edge.outbox.outbox import Outbox

CHUNK = 2000  # readings read from the card at a time
SHOWN = 20  # runs of missing seqs that are named


@dataclass(frozen=True, slots=True)
class Proof:
    """Counts of readings; ``lost`` are the runs of seqs that are missing."""

    taken: int
    received: int
    missing: int
    twice: int
    conflicting: int
    unknown: int  # received, and not on the card
    garbled: int  # messages that could not be read
    lost: tuple[tuple[int, int], ...]

    @property
    def holds(self) -> bool:
        """Whether something was taken and all of it arrived as it was."""
        return self.taken > 0 and not (self.missing or self.conflicting or self.unknown or self.garbled)

    def line(self, kills: int, cuts: int) -> str:
        """It in words."""
        words = f"PROOF  sequence 1..{self.taken} · received {self.received} · missing {self.missing}"
        words += f" · twice {self.twice} (removed by id)"
        for count, what in ((self.conflicting, "conflicting"), (self.unknown, "unknown"), (self.garbled, "garbled")):
            words += f" · {what} {count}" if count else ""
        return f"{words} · after {_count(kills, 'power cut')}, {_count(cuts, 'link cut')}{self._gaps()}"

    def _gaps(self) -> str:
        gaps = ", ".join(f"{first}..{last}" for first, last in self.lost[:SHOWN])
        return f" · lost: {gaps}" if gaps else ""


def prove(taken: Iterable[int], inbox: Inbox) -> Proof:
    """Compares the seqs on the card with those at the far end."""
    card, here = set(taken), inbox.seqs()
    lost = sorted(card - here)
    return Proof(
        len(card), len(card & here), len(lost), inbox.twice, len(inbox.conflicting),
        len(here - card), inbox.garbled, tuple(runs(lost)),
    )  # fmt: skip


def on_card(state: Path) -> set[int]:
    """The seqs that a node, which has stopped, holds or has given: 1 up to the last one on its card."""
    outbox = Outbox(state / "outbox")
    reader = outbox.reader()
    seqs: set[int] = set()
    while found := reader.read(max(seqs, default=outbox.first - 1) + 1, outbox.last, CHUNK):
        seqs.update(seq for seq, _ in found)
    reader.close()
    outbox.close()
    return seqs | set(range(1, outbox.last + 1))


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
