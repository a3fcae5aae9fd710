"""What the writer was promised, held against what is really there once the fault has gone."""

from pathlib import Path
from subprocess import CompletedProcess

from edge.state import State
from tests.faults.workload import everything
from tests.faults.writer import opened, reading


def promised(said: str) -> dict[int, int]:
    """The numbers of the readings that must still be there, by their seqs."""
    lines = [line.split() for line in said.splitlines()]
    oldest = max((int(words[-1]) for words in lines if words[0] in ("ack", "trouble")), default=1)
    found = {}
    for word, first, last, _, number, *_ in (words for words in lines if words[0] in ("ack", "alarm")):
        seqs = range(int(first), int(last) + 1)
        found.update({seq: int(number) + seq - seqs[0] for seq in seqs if word == "alarm" or seq >= oldest})
    return found


def saved(said: str) -> int:
    """The number that the state holds at least."""
    return max((int(line.split()[1]) for line in said.splitlines() if line.startswith("saved")), default=0)


def broken(folder: Path, said: str) -> int:
    """How many promises were broken. Opens what the fault has left, as the node would, and goes on with it."""
    outbox = opened(folder)
    found = everything(outbox)
    lost = [seq for seq, number in promised(said).items() if found.get(seq) != reading(number)]
    fresh = outbox.last + 1
    assert outbox.put([reading(0)]) == (fresh, fresh) and everything(outbox)[fresh] == reading(0)
    outbox.close()
    cursors = State(folder / "state.json").load("cursors")
    return len(lost) + (cursors.get("city", {"delivered": 0})["delivered"] < saved(said))


def judge(folder: Path, done: "CompletedProcess[str]") -> None:
    """The rules of the house after one fault: all was accepted in the end, nothing accepted is lost."""
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode == 0, done.stdout[-500:]
    assert promised(done.stdout)
    assert broken(folder, done.stdout) == 0
