"""Writes without end, or so many groups, and says what was promised: `python -m tests.faults.workload FOLDER`.

Prints `ack FIRST LAST oldest SEQ at POSITION` after each put that returned, where POSITION is the size of the file
`--diary`, and with `--state` also `saved SEQ at POSITION` after each save of `state.json`. A reading's value is its
seq, its raw value the number of the run. EDGE_NO_FOLDER_SYNC in the environment takes the syncs of directories away:
the tests must be seen to notice that.
"""

import argparse
import os
import sys
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import NamedTuple

from edge.clock import Stamp
from edge.outbox.outbox import Outbox
from edge.reading import Reading
from edge.state import State

LIMIT, SEGMENT, GROUP = 1 << 16, 1 << 14, 60
SAVE_EVERY = 3  # groups
ALARM_EVERY = 5  # groups; and two alarms each time


class Ack(NamedTuple):
    """What the writer was promised; `oldest` was kept then, `at` is the position in the diary."""

    first: int
    last: int
    oldest: int
    at: int


class Saved(NamedTuple):
    """What stands in state.json at least."""

    seq: int
    at: int


def reading(seq: int, run: int = 0) -> Reading:
    """The reading that has this seq in this run."""
    return Reading("pm", "pm2_5", float(seq), "ug/m3", Stamp("boot", seq * 10**8), raw=float(run))


def acks(said: str) -> list[Ack]:
    """Those of whole lines."""
    return [_ack(line) for line in _lines(said, "ack")]


def saves(said: str) -> list[Saved]:
    """Those of whole lines."""
    return [Saved(int(line.split()[1]), int(line.split()[3])) for line in _lines(said, "saved")]


def open_outbox(folder: Path, *, limit: int = LIMIT) -> Outbox:
    """As the writer opens it."""
    return Outbox(folder / "outbox", limit=limit, segment=SEGMENT)


def everything(outbox: Outbox) -> dict[int, Reading]:
    """What an outbox holds."""
    found: dict[int, Reading] = {}
    for alarm, at in ((False, outbox.first), (True, 1)):
        reader = outbox.reader(alarm=alarm)
        while stored := reader.read(at, outbox.last, 500):
            found.update(stored)
            at = stored[-1][0] + 1
        reader.close()
    return found


def _lines(said: str, word: str) -> Iterable[str]:
    return (line for line in said[: said.rfind("\n") + 1].splitlines() if line.startswith(word + " "))


def _ack(line: str) -> Ack:
    _, first, last, _, oldest, _, at = line.split()
    return Ack(int(first), int(last), int(oldest), int(at))


def _forget_folder_syncs() -> None:
    for name, module in list(sys.modules.items()):
        if name.startswith("edge.outbox") and hasattr(module, "sync_folder"):
            module.sync_folder = lambda folder: None


def put(outbox: Outbox, size: int, options: argparse.Namespace, *, alarm: bool = False) -> None:
    """One group, and what was promised."""
    first = outbox.last + 1
    got = outbox.put([reading(seq, options.run) for seq in range(first, first + size)], alarm=alarm)
    print("ack", *got, "oldest", outbox.first, "at", options.diary.stat().st_size, flush=True)


def main() -> None:
    """Until all groups are written or someone ends it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--diary", type=Path, default=Path(os.devnull))
    parser.add_argument("--groups", type=int)
    parser.add_argument("--run", type=int, default=0)
    parser.add_argument("--limit", type=int, default=LIMIT)
    parser.add_argument("--state", action="store_true", help="cursors are saved now and then")
    parser.add_argument("--alarms", action="store_true", help="alarms come in between")
    options = parser.parse_args()
    if os.environ.get("EDGE_NO_FOLDER_SYNC"):
        _forget_folder_syncs()
    state = State(options.folder / "state.json") if options.state else None
    outbox = open_outbox(options.folder, limit=options.limit)
    for number in count() if options.groups is None else range(options.groups):
        put(outbox, GROUP, options)
        if options.alarms and number % ALARM_EVERY == 0:
            put(outbox, 2, options, alarm=True)
        if state is not None and number % SAVE_EVERY == 0:
            state.save("cursors", {"city": {"done": [[1, outbox.last]], "delivered": outbox.last}})
            print("saved", outbox.last, "at", options.diary.stat().st_size, flush=True)
    outbox.close()


if __name__ == "__main__":
    main()
