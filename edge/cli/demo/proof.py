"""The proof: every reading that is on the card has arrived, and none was changed on its way."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.cli.demo.receiver import Inbox, Record
from edge.outbox.cursor import runs
from edge.outbox.outbox import Outbox

CHUNK = 2000  # readings read from the card at a time
SHOWN = 20  # runs of missing seqs that are named

Told = tuple[str, float | None]  # the name of a channel and its value


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


def prove(card: Mapping[int, Told | None], inbox: Inbox) -> Proof:
    """Compares what is on the card with what is at the far end."""
    here = inbox.seqs()
    lost = sorted(card.keys() - here)
    changed = {seq for seq in card.keys() & here if card[seq] not in (None, told(inbox.records[seq]))}
    return Proof(
        len(card), len(card) - len(lost), len(lost), inbox.twice, len(inbox.conflicting | changed),
        len(here - card.keys()), inbox.garbled, tuple(runs(lost)),
    )  # fmt: skip


def told(record: Record) -> Told:
    """What a reading says: a bad value travels as the raw one."""
    return record.name, record.raw if record.value is None else record.value


def on_card(state: Path) -> dict[int, Told | None]:
    """All seqs that a node, which has stopped, ever gave; None for a reading that has made room for newer ones."""
    outbox = Outbox(state / "outbox")
    reader, seq = outbox.reader(), outbox.first
    card: dict[int, Told | None] = dict.fromkeys(range(1, outbox.last + 1))
    while found := reader.read(seq, outbox.last, CHUNK):
        card.update((number, (f"{kept.device}/{kept.quantity}", kept.value)) for number, kept in found)
        seq = found[-1][0] + 1
    reader.close()
    outbox.close()
    return card


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
