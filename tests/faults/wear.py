"""What a reading costs the card: bytes at the block device, in real time on a journalled ext4.

    python -m tests.faults.wear [--seconds 60] [--mount loop,lazytime]

A fresh outbox fills its segments with zeros beforehand; a recycled one writes over those it has evicted. Both are
measured within a segment; what making a segment costs is measured apart and spread over the readings it holds.
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

from edge.clock import Stamp
from edge.outbox.outbox import Outbox
from edge.outbox.segment import firsts
from edge.reading import Reading
from tests.faults.blockdevice import BlockDevice, Op, missing

SEGMENT, LIMIT = 1 << 20, 4 << 20
PAGE = 4096
CHANNELS = 10
CARD = 16e9 * 1000  # bytes that may be written to a card of 16 GB with 1000 erase cycles, without amplification
YEAR = 365.25 * 86400


class Case(NamedTuple):
    """So many readings a second, committed so often; what is allowed by decree, in bytes a reading."""

    rate: int
    flush: float
    allowed: float
    recycled: bool


class Cost(NamedTuple):
    """Bytes at the device: of the median commit, a reading within a segment, and for its share of making one."""

    commit: float
    reading: float
    making: float
    syncs: float


RATES = ((10, 1.0, 820), (10, 10.0, 130), (1000, 1.0, 30))
CASES = [Case(*rate, recycled) for rate in RATES for recycled in (False, True)]


def group(first: int, count: int) -> list[Reading]:
    """Readings of ten channels."""
    names = [f"channel{number % CHANNELS}" for number in range(first, first + count)]
    return [Reading("pm", name, float(at), "ug/m3", Stamp("boot", at * 10**8)) for at, name in enumerate(names, first)]


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
            return written(device.ops(before)) - size * 25


def measure(case: Case, seconds: float, options: str) -> Cost:
    """Writes for so long at this rate."""
    with tempfile.TemporaryDirectory() as folder, BlockDevice(Path(folder), options=options) as device:
        outbox = Outbox(device.mount / "outbox", limit=LIMIT, segment=SEGMENT)
        making = make_segment(device, outbox)
        while case.recycled and outbox.first == 1:
            making = make_segment(device, outbox)
        settle(device)
        count, commits = round(case.rate * case.flush), []
        oldest = firsts(device.mount / "outbox")
        begin, position = time.monotonic(), device.position
        for number in range(1, round(seconds / case.flush) + 1):
            threading.Event().wait(begin + number * case.flush - time.monotonic())
            before = device.position
            outbox.put(group(outbox.last + 1, count))
            commits.append(written(device.ops(before)))
        ops = device.ops(position)
        took = time.monotonic() - begin
        made = len(set(firsts(device.mount / "outbox")) - set(oldest))
        outbox.close()
    syncs = sum(op.kind == b"F" for op in ops) / took
    within = written(ops) - made * making
    return Cost(median(commits), within / (count * len(commits)), max(0.0, making) / (SEGMENT / 25), syncs)


def settle(device: BlockDevice) -> None:
    """Until what came before is on the device: the journal writes every five seconds."""
    position, deadline = -1, time.monotonic() + 30
    while position != device.position and time.monotonic() < deadline:
        position = device.position
        threading.Event().wait(6)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description="bytes written at the block device for each reading")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--mount", default="loop", help="options of the mount")
    options = parser.parse_args()
    if missing():
        raise SystemExit(f"this cannot be measured here: {missing()}")
    with ThreadPoolExecutor(len(CASES)) as pool:
        costs = list(pool.map(lambda case: measure(case, options.seconds, options.mount), CASES))
    print("readings/s  flush s  segments  median commit B  B/reading  + making  allowed  flushes/s  years of 16 GB")
    for case, cost in zip(CASES, costs, strict=True):
        whole = cost.reading + cost.making
        print(
            f"{case.rate:10d}  {case.flush:7.0f}  {'recycled' if case.recycled else 'fresh':8}  {cost.commit:15.0f}"
            f"  {cost.reading:9.0f}  {cost.making:8.1f}  {case.allowed:7.0f}  {cost.syncs:9.2f}"
            f"  {CARD / (whole * case.rate * YEAR):14.0f}"
        )
    small = [cost.commit for case, cost in zip(CASES, costs, strict=True) if case.rate == RATES[0][0]]
    held = all(c.reading + c.making <= case.allowed for case, c in zip(CASES, costs, strict=True))
    print(f"a small commit: {max(small) / PAGE:.1f} pages in the median; {'all' if held else 'NOT all'} within bounds")


if __name__ == "__main__":
    main()
