"""What a reading costs the card: bytes at the block device, in real time on a journalled ext4.

    python -m tests.faults.wear [--seconds 130] [--mount loop --mount loop,commit=60]

Measured on segments that are recycled, which is how a node spends its years. What recycling one costs is measured apart
and spread over the readings it holds; filling new ones with zeros happens once, until the limit is reached, and is told
apart. Readings have one decimal, as particle counters and thermometers give them.
"""

import argparse
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import NamedTuple

from edge.cli.queue import CARD, CYCLES
from edge.clock import Stamp
from edge.outbox.outbox import Outbox
from edge.outbox.segment import firsts
from edge.reading import Reading
from tests.faults.blockdevice import FLUSH, BlockDevice, Op, missing

SEGMENT, LIMIT = 1 << 20, 4 << 20
PAGE = 4096
RECORD = 16  # bytes of such a reading
MOUNTS = ("loop", "loop,commit=60")
CHANNELS = 10
YEAR = 365.25 * 86400


class Case(NamedTuple):
    """So many readings a second, committed so often; what is allowed by decree, in bytes a reading."""

    rate: int
    flush: float
    allowed: float


class Cost(NamedTuple):
    """Bytes at the device: of the median commit, a reading, its share of recycling, and a segment's zeros, once."""

    commit: float
    reading: float
    recycling: float
    filling: float
    syncs: float

    @property
    def whole(self) -> float:
        """Bytes a reading, in the long run."""
        return self.reading + self.recycling


HEAD = (
    "mount             readings/s  flush s  median commit B  B/reading  + recycling  allowed  flushes/s  years of 16 GB"
)
CASES = (Case(10, 1.0, 820), Case(10, 10.0, 130), Case(1000, 1.0, 30))


def group(first: int, count: int) -> list[Reading]:
    """Readings of ten channels."""
    numbers = range(first, first + count)
    return [Reading("pm", f"n{at % CHANNELS}", at % 977 / 10, "ug/m3", Stamp("boot", at * 10**8)) for at in numbers]


def written(ops: Sequence[Op]) -> int:
    """Bytes that reached the device."""
    return sum(len(op.data) for op in ops)


def make_segment(device: BlockDevice, outbox: Outbox) -> float:
    """Goes on to the next segment; gives what that cost in bytes, without the readings."""
    folder, size = device.mount / "outbox", 500
    while True:
        before, newest = device.position, firsts(folder)[-1:]
        outbox.put(group(outbox.last + 1, size))
        if firsts(folder)[-1:] != newest:
            return max(0.0, written(device.ops(before)) - size * RECORD)


def measure(case: Case, seconds: float, options: str) -> Cost:
    """Writes for so long at this rate."""
    with tempfile.TemporaryDirectory() as folder, BlockDevice(Path(folder), options=options) as device:
        outbox = Outbox(device.mount / "outbox", limit=LIMIT, segment=SEGMENT)
        filling = recycling = make_segment(device, outbox)
        while outbox.first == 1:
            recycling = make_segment(device, outbox)
        settle(device)
        commits, position, begin = [], device.position, time.monotonic()
        oldest = firsts(device.mount / "outbox")
        for number in range(1, round(seconds / case.flush) + 1):
            threading.Event().wait(begin + number * case.flush - time.monotonic())
            before = device.position
            outbox.put(group(outbox.last + 1, round(case.rate * case.flush)))
            commits.append(written(device.ops(before)))
        ops, took = device.ops(position), time.monotonic() - begin
        made = len(set(firsts(device.mount / "outbox")) - set(oldest))
        outbox.close()
    syncs = sum(op.kind == FLUSH for op in ops) / took
    reading = (written(ops) - made * recycling) / (case.rate * case.flush * len(commits))
    return Cost(median(commits), reading, recycling / (SEGMENT / RECORD), filling, syncs)


def settle(device: BlockDevice) -> None:
    """Until what came before is on the device: the journal writes every five seconds."""
    position, deadline = -1, time.monotonic() + 30
    while position != device.position and time.monotonic() < deadline:
        position = device.position
        threading.Event().wait(6)


def line(mount: str, case: Case, cost: Cost) -> str:
    """A row of the table."""
    years = CARD * CYCLES / (cost.whole * case.rate * YEAR)
    return (
        f"{mount:16}  {case.rate:10d}  {case.flush:7.0f}  {cost.commit:15.0f}  {cost.reading:9.1f}"
        f"  {cost.recycling:11.1f}  {case.allowed:7.0f}  {cost.syncs:9.2f}  {years:14.0f}"
    )


def verdict(mount: str, costs: Sequence[Cost]) -> str:
    """Whether all is within bounds."""
    small = max(cost.commit for case, cost in zip(CASES, costs, strict=True) if case.rate == CASES[0].rate)
    over = [case for case, cost in zip(CASES, costs, strict=True) if cost.whole > case.allowed]
    held = (
        "all within bounds"
        if not over
        else f"over the bounds: {', '.join(f'{c.rate}/s {c.flush:.0f} s' for c in over)}"
    )
    filling = max(cost.filling for cost in costs)
    return (
        f"{mount}: a small commit {small / PAGE:.1f} pages in the median; {held};"
        f" filling a segment for the first time {filling / 1e6:.2f} MB"
    )


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description="bytes written at the block device for each reading")
    parser.add_argument("--seconds", type=float, default=130, help="two commits of the journal at commit=60")
    parser.add_argument("--mount", action="append", help="options of the mount; may be given more than once")
    options = parser.parse_args()
    if missing():
        raise SystemExit(f"this cannot be measured here: {missing()}")
    mounts = options.mount or MOUNTS
    todo = [(mount, case) for mount in mounts for case in CASES]
    with ThreadPoolExecutor(len(todo)) as pool:
        costs = list(pool.map(lambda item: measure(item[1], options.seconds, item[0]), todo))
    print(HEAD)
    for (mount, case), cost in zip(todo, costs, strict=True):
        print(line(mount, case, cost))
    for at, mount in enumerate(mounts):
        print(verdict(mount, costs[at * len(CASES) : (at + 1) * len(CASES)]))


if __name__ == "__main__":
    main()
