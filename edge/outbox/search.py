"""Finds a reading in the outbox, by its seq or as the newest of a channel at some time."""

from collections.abc import Callable

from edge.clock import Stamp
from edge.outbox.outbox import Outbox
from edge.outbox.reader import Reader
from edge.reading import Reading, Stored

STEP = 500  # seqs that are looked through at a time
FAR = 20_000  # seqs before the moment within which the channel must have spoken

Wanted = Callable[[Reading], bool]


def by_seq(outbox: Outbox, seq: int) -> tuple[Reading, bool] | None:
    """The reading with a seq and whether it is an alarm; None where it is no longer kept. Raises ``OSError``."""
    for alarm in (False, True):
        reader = outbox.reader(alarm=alarm)
        try:
            found = reader.read(seq, seq, 1)
        finally:
            reader.close()
        if found:
            return found[0][1], alarm
    return None


def newest(outbox: Outbox, wanted: Wanted, past: Callable[[Stamp], bool], alarm: bool = False) -> Stored | None:
    """The last reading that is ``wanted`` and not ``past`` the moment in question; None without one nearby.

    ``past`` must hold for all stamps from some moment on. Raises ``OSError``.
    """
    reader = outbox.reader(alarm=alarm)
    try:
        top = min(outbox.last, _border(reader, outbox, past) + STEP)  # means are written after younger readings
        for high in range(top, max(0, top - FAR), -STEP):
            low = max(1, high - STEP + 1)
            found = [one for one in reader.read(low, high, STEP) if wanted(one[1]) and not past(one[1].at)]
            if found:
                return max(found, key=lambda one: one[0])
    finally:
        reader.close()
    return None


def _border(reader: Reader, outbox: Outbox, past: Callable[[Stamp], bool]) -> int:
    """The highest seq whose reading is not past the moment."""
    low, high = outbox.first - 1, outbox.last
    while low < high:
        middle = (low + high + 1) // 2
        found = reader.read(middle, high, 1)
        if not found or past(found[0][1].at):
            high = middle - 1
        else:
            low = found[0][0]
    return low
