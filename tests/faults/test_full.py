"""A full disk: collecting goes on, the oldest goes first and is counted to the reading, memory stays flat.

An hour at ten readings a second, as fast as the card takes it, on a 16 MB ext4 that a filler has filled; then no
inodes, and a limit on the size of files.
"""

import contextlib
import os
import resource
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from edge.clock import Stamp
from edge.outbox.cursor import Cursor
from edge.outbox.outbox import Outbox
from edge.outbox.writer import CAPACITY, Writer
from edge.reading import Reading
from tests.faults.blockdevice import ROOT, make_ext4, mounted, needs_mounts, run, unmount, wait_for
from tests.faults.figures import figure
from tests.faults.promises import broken
from tests.faults.workload import everything
from tests.waiting import PATIENCE

pytestmark = [pytest.mark.faults, needs_mounts]

DISK = 16 << 20
LIMIT = 64 << 20  # more than the disk has
SEGMENT = 1 << 16
HOUR, RATE = 3600, 10
GROWTH = 8.0  # MB of resident memory


@pytest.fixture
def disk(tmp_path):
    make_ext4(tmp_path / "disk.img", DISK)
    with mounted(tmp_path / "disk.img", tmp_path / "disk") as folder:
        yield folder


@pytest.fixture
def few_inodes(tmp_path):
    folder = tmp_path / "tmpfs"
    folder.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=16m,nr_inodes=12", "tmpfs", folder)
    yield folder
    unmount(folder)


def fill(folder: Path, leave: int) -> Path:
    """A file that leaves only so many bytes."""
    filler, size = folder / "filler", 0
    with filler.open("wb") as file:
        for step in (1 << 20, 1 << 16, 1 << 12):
            with contextlib.suppress(OSError):
                while True:
                    os.posix_fallocate(file.fileno(), size, step)
                    size += step
        file.truncate(size - leave)
        os.fsync(file.fileno())
    return filler


def reading(number: int) -> Reading:
    return Reading("pm", "pm2_5", float(number), "ug/m3", Stamp("boot", number * 10**8))


def rss() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


class Node:
    """An outbox with a writer and a destination that never gets anything."""

    def __init__(self, folder: Path) -> None:
        self.outbox = Outbox(folder / "outbox", limit=LIMIT, segment=SEGMENT)
        self.cursor = Cursor("city")
        self.outbox.on_evicted = lambda first, last, reason: self.cursor.evict(first, last)
        self.writer = Writer(self.outbox, 0.0)
        self.offered = 0
        self._commits = threading.Event()
        self.writer.on_commit = self._commits.set
        self.writer.start()

    def collect(self, seconds: int, *, wait: bool = True) -> None:
        """So many seconds' readings, no faster than the card takes them."""
        for _ in range(seconds):
            self.writer.offer([reading(number) for number in range(self.offered + 1, self.offered + RATE + 1)])
            self.offered += RATE
            if wait:
                assert wait_for(lambda: self.writer.held < 10 * RATE), self.writer.trouble

    def settle(self) -> None:
        """All that was offered is on the card, or was counted."""
        assert wait_for(lambda: not self.writer.held and self.outbox.last + self.writer.overrun == self.offered)

    def account(self) -> tuple[int, int]:
        """Holds the ledger against what is really there; gives how many are kept and how many evicted."""
        found = everything(self.outbox)
        missing = self.outbox.last - len(found)
        ledger = self.cursor.ledger(self.outbox.last)
        assert ledger.balanced and ledger.evicted == missing and ledger.waiting == len(found)
        assert list(found) == list(range(self.outbox.first, self.outbox.last + 1))
        return len(found), missing

    def stop(self) -> None:
        self.writer.stop()
        self.outbox.close()


def test_a_full_disk_for_an_hour(disk):
    filler = fill(disk, 5 * SEGMENT)
    node = Node(disk)
    node.collect(60)
    before = rss()
    node.collect(HOUR)
    grown = rss() - before
    node.settle()
    kept, evicted = node.account()
    print(f"{node.offered} offered, {kept} kept, {evicted} evicted and counted")
    figure("memory that an hour on a full disk costs", grown / 1e6, "MB", most=GROWTH)
    assert node.writer.overrun == 0 and evicted > 0
    filler.unlink()
    node.collect(600)
    node.settle()
    assert node.account()[1] == evicted, "something was evicted although there is room again"
    assert [stored.value for stored in everything(node.outbox).values()][-1] == node.offered
    node.stop()


def test_no_room_for_even_one_segment(disk):
    """Memory holds the newest, what it cannot hold is counted, and all of it goes to the card when there is room."""
    filler = fill(disk, 0)
    node = Node(disk)
    before = rss()
    node.collect(HOUR, wait=False)
    assert wait_for(lambda: node.writer.held == CAPACITY and node.writer.trouble is not None)
    grown = rss() - before
    assert node.writer.overrun == HOUR * RATE - CAPACITY
    filler.unlink()
    node.settle()
    values = [stored.value for stored in everything(node.outbox).values()]
    assert values == [float(number) for number in range(node.offered - CAPACITY + 1, node.offered + 1)]
    kept, evicted = node.account()
    print(f"{node.offered} offered, {kept} kept, {node.writer.overrun} lost and counted")
    figure("memory that an hour without a disk costs", grown / 1e6, "MB", most=GROWTH)
    assert evicted == 0 and node.writer.trouble is None
    node.stop()


def test_the_disk_fills_while_it_runs(disk):
    node = Node(disk)
    node.collect(1800)
    fill(disk, 0)
    node.collect(1800)
    node.settle()
    kept, evicted = node.account()
    print(f"\n{node.offered} offered, {kept} kept, {evicted} evicted and counted")
    assert node.writer.overrun == 0 and evicted > 0
    node.stop()


def test_alarms_get_onto_a_full_disk(disk):
    """The first of them comes when routine readings have taken all the room; what gives way is thinned and counted."""
    fill(disk, 5 * SEGMENT)
    node = Node(disk)
    node.outbox.needed = lambda first, last: True
    node.collect(1200)
    alarms = [float(10**7 + minute) for minute in range(40)]
    for value in alarms:
        node.collect(60)
        node.writer.offer([reading(int(value))], alarm=True)
        assert wait_for(lambda: not node.writer.held), node.writer.trouble
    node.stop()
    again = Outbox(disk / "outbox", limit=LIMIT, segment=SEGMENT)
    reader = again.reader(alarm=True)
    kept = [stored.value for _, stored in reader.read(1, again.last, 1000)]
    reader.close()
    held = everything(again)
    means = sum(stored.span > 0 for stored in held.values())
    missing = again.last - len(held)
    evicted = node.cursor.evicted
    print(f"\n{len(alarms)} alarms, {len(kept)} kept; {missing} seqs missing, {evicted} counted; {means} means")
    again.close()
    assert kept == alarms
    assert evicted == missing > 0 and means > 0
    assert node.writer.overrun == 0


def test_no_inodes_left(few_inodes):
    outbox = Outbox(few_inodes / "outbox", limit=LIMIT, segment=1 << 14)
    gone, last = Cursor("city"), 0
    outbox.on_evicted = lambda first, last, reason: gone.evict(first, last)
    for start in range(1, 20_000, 50):
        _, last = outbox.put([reading(number) for number in range(start, start + 50)])
    with pytest.raises(OSError, match="No space"):
        (few_inodes / "one more").touch()
    found = everything(outbox)
    print(f"\n{last} accepted, {len(found)} kept, {gone.evicted} evicted and counted")
    assert gone.evicted == last - len(found) > 0
    assert all(stored == reading(seq) for seq, stored in found.items())
    outbox.close()


@pytest.mark.parametrize("ceiling", [5000, 12_000])
def test_files_may_no_longer_grow(tmp_path, ceiling):
    """RLIMIT_FSIZE below the size of a segment, set while it runs."""
    command = [sys.executable, "-m", "tests.faults.writer", str(tmp_path), "400"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0) as process:
        said = [process.stdout.readline() for _ in range(60)]
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (ceiling, ceiling))
        rest, errors = process.communicate(timeout=PATIENCE)
    told = b"".join([*said, rest]).decode()
    accepted, troubles = told.count("ack "), told.count("trouble ")
    print(f"\n{accepted} groups accepted, {troubles} refused")
    assert process.returncode == 0 and b"Traceback" not in errors, errors
    assert troubles > 0
    assert broken(tmp_path, told) == 0


def test_a_ceiling_from_the_start_is_trouble_and_no_crash(tmp_path):
    done = subprocess.run(
        ["prlimit", "--fsize=4096", sys.executable, "-m", "tests.faults.writer", tmp_path, "5"],
        cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 3 and "Traceback" not in done.stderr
    assert "ack" not in done.stdout
    assert broken(tmp_path, done.stdout) == 0
