"""Puts numbered readings into an outbox and says which are accepted: `python -m tests.faults.writer FOLDER COUNT`.

Prints `ack FIRST LAST oldest SEQ` after each put that returned, `trouble ... oldest SEQ` for each that did not.
A reading's value is its seq, so whoever opens the folder later can tell whether it is the right one.
"""

import sys
from pathlib import Path

from edge.clock import Stamp
from edge.errors import StorageError
from edge.outbox.outbox import Outbox
from edge.reading import Reading

LIMIT, SEGMENT, GROUP, TRIES = 1 << 16, 1 << 14, 60, 4


def reading(seq: int) -> Reading:
    """The reading that has this seq."""
    return Reading("pm", "pm2_5", float(seq), "ug/m3", Stamp("boot", seq * 10**9), raw=seq / 7)


def put(outbox: Outbox) -> bool:
    """Puts one group, again after trouble, as the node does; tells whether it was accepted."""
    for _ in range(TRIES):
        first = outbox.last + 1
        try:
            got = outbox.put([reading(seq) for seq in range(first, first + GROUP)])
        except StorageError as error:
            print("trouble", error, "oldest", outbox.first, flush=True)
            continue
        print("ack", *got, "oldest", outbox.first, flush=True)
        return True
    return False


def main() -> int:
    """Exit 0 when all was accepted, 3 when the card took no more."""
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    outbox = Outbox(folder, limit=LIMIT, segment=SEGMENT)
    accepted = all(put(outbox) for _ in range(count))
    outbox.close()
    return 0 if accepted else 3


if __name__ == "__main__":
    sys.exit(main())
