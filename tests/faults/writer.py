"""Puts numbered readings into an outbox and says which are accepted: `python -m tests.faults.writer FOLDER COUNT`.

As a node does it: groups of readings, alarms and saves of the cursors in between, the same ones again after trouble.
The first groups go into larger segments, as under another limit: they have to be cut when they are recycled.

Prints `ack FIRST LAST from NUMBER oldest SEQ` (`alarm` for alarms) after each put that returned, `saved NUMBER` after
each save, `trouble ... oldest SEQ` for each that did not. A reading's value is its number, so whoever opens the folder
later can tell whether it is the right one. EDGE_TRUST_WRITES in the environment makes the outbox believe that every
write writes all: the tests must be seen to notice that.
"""

import os
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import edge.outbox.segment
from edge.clock import Stamp
from edge.errors import StorageError
from edge.outbox.outbox import Outbox
from edge.reading import Reading
from edge.state import State

LIMIT, SEGMENT, GROUP, TRIES = 1 << 16, 1 << 14, 200, 4
WIDE = 12  # groups that go into segments of twice the size
ALARM_EVERY, SAVE_EVERY = 5, 4  # groups
ALARM_FROM = 20  # groups: on a small disk there is no room left by then
ALARMS = 2  # each time


def reading(number: int) -> Reading:
    """The reading that has this number."""
    return Reading("pm", "pm2_5", float(number), "ug/m3", Stamp("boot", number * 10**9))


def opened(folder: Path, *, factor: int = 1) -> Outbox:
    """As the writer opens it."""
    return Outbox(folder / "outbox", limit=LIMIT * factor, segment=SEGMENT * factor)


def put(outbox: Outbox, numbers: Iterator[int], size: int, *, alarm: bool = False) -> bool:
    """Puts one group, again after trouble, as the node does; tells whether it was accepted."""
    group = [reading(next(numbers)) for _ in range(size)]
    for _ in range(TRIES):
        try:
            got = outbox.put(group, alarm=alarm)
        except StorageError as error:
            print("trouble", error, "oldest", outbox.first, flush=True)
            continue
        print("alarm" if alarm else "ack", *got, "from", int(group[0].value or 0), "oldest", outbox.first, flush=True)
        return True
    return False


def save(state: State, number: int) -> None:
    """As the node saves its cursors; what could not be saved is saved the next time."""
    try:
        state.save("cursors", {"city": {"done": [[1, number]], "delivered": number}})
    except StorageError as error:
        print("not saved:", error, flush=True)
        return
    print("saved", number, flush=True)


def work(folder: Path, groups: int) -> bool:
    """Whether all groups were accepted; ends at the first that was not."""
    numbers, state, outbox = count(1), State(folder / "state.json"), opened(folder, factor=2)
    try:
        for group in range(groups):
            if group == WIDE:
                outbox.close()
                outbox = opened(folder)
            if group >= ALARM_FROM and group % ALARM_EVERY == 0 and not put(outbox, numbers, ALARMS, alarm=True):
                return False
            if not put(outbox, numbers, GROUP):
                return False
            if group % SAVE_EVERY == 0:
                save(state, outbox.last)
        return True
    finally:
        outbox.close()


def main() -> int:
    """Exit 0 when all was accepted, 3 when the card took no more."""
    folder = Path(sys.argv[1])
    if os.environ.get("EDGE_TRUST_WRITES"):
        edge.outbox.segment.write_all = os.pwrite  # type: ignore[assignment]
    return 0 if work(folder, int(sys.argv[2])) else 3


if __name__ == "__main__":
    sys.exit(main())
