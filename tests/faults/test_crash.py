"""kill -9 at any moment: what was accepted is there, everything opens, and no seq ever means two readings.

EDGE_ROUNDS kills (1000 for acceptance), a third of a second each.
"""

import os
import random
import subprocess
import sys
import threading
import time

import pytest

from edge.clock import Stamp
from edge.outbox.outbox import Outbox
from edge.reading import Reading
from tests.faults.blockdevice import ROOT
from tests.faults.figures import SHORT, figure
from tests.faults.workload import GROUP, SEGMENT, acks, everything, open_outbox

pytestmark = pytest.mark.faults

ROUNDS = int(os.environ.get("EDGE_ROUNDS", "10"))
SEED = 417
LONGEST = 0.15  # seconds that the writer lives after its first promise
MOST = SEGMENT // 24  # readings of a segment, which may go between the last promise and the kill
WAITING = 100_000 if SHORT else 1_000_000  # readings, when a start has to be quick
READY = 2.0  # seconds


class Writer:
    """A process that writes until it is killed; its number stands in every reading."""

    def __init__(self, folder, number, *options):
        command = [sys.executable, "-m", "tests.faults.workload", str(folder), "--run", str(number), *options]
        # without a buffer of ours: what readline had read ahead, communicate would never see
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
        )  # fmt: skip
        self._begun = time.monotonic()
        self._first = self._process.stdout.readline()
        self.ready = time.monotonic() - self._begun  # seconds until the first group was accepted

    def kill(self):
        """Ends it and gives all that it was promised."""
        self._process.kill()
        rest, errors = self._process.communicate()
        assert b"Traceback" not in errors, errors
        return acks((self._first + rest).decode())


class Book:
    """What was promised over all runs: which run's reading each seq is."""

    def __init__(self):
        self.run_of = {}
        self.accepted = self.reused = self.lost = 0

    def promised(self, number, promises):
        for ack in promises:
            for seq in range(ack.first, ack.last + 1):
                self.reused += seq in self.run_of
                self.run_of[seq] = number
            self.accepted += ack.last - ack.first + 1

    def compare(self, found, oldest):
        """Holds what is on the card against what was promised, and remembers what was not promised but is there."""
        self.lost += sum(seq not in found for seq in self.run_of if seq >= oldest)
        for seq, stored in found.items():
            run = self.run_of.setdefault(seq, int(stored.raw))
            self.reused += (stored.value, stored.raw) != (float(seq), float(run))
        self.run_of = {seq: run for seq, run in self.run_of.items() if seq >= oldest}


def test_kills_cost_nothing_that_was_accepted(tmp_path):
    dice, book, slowest = random.Random(SEED), Book(), 0.0
    for number in range(ROUNDS):
        writer = Writer(tmp_path, number, "--alarms")
        slowest = max(slowest, writer.ready)
        threading.Event().wait(dice.uniform(0, LONGEST))
        promises = writer.kill()
        assert promises, "the writer was never promised anything"
        book.promised(number, promises)
        outbox = open_outbox(tmp_path)
        assert outbox.first <= promises[-1].oldest + MOST
        book.compare(everything(outbox), outbox.first)
        outbox.close()
    unreadable = len(list(tmp_path.glob("outbox/quarantine/*")))
    print(
        f"\n{ROUNDS} kills: {book.accepted} accepted, {book.lost} lost, {unreadable} unreadable, {book.reused} reused;"
        f" slowest start {slowest:.2f} s"
    )
    assert (book.lost, unreadable, book.reused) == (0, 0, 0)


def test_kills_in_the_first_moments(tmp_path):
    """Before anything was promised: the folder, the first segment, its header."""
    dice = random.Random(SEED)
    for number in range(ROUNDS):
        folder = tmp_path / str(number)
        command = [sys.executable, "-m", "tests.faults.workload", str(folder)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        made = folder / "outbox"
        while not made.exists() and process.poll() is None:
            threading.Event().wait(0.001)
        threading.Event().wait(dice.uniform(0, 0.005))
        process.kill()
        promises = acks(process.communicate()[0])
        outbox = open_outbox(folder)
        found = everything(outbox)
        assert all(seq in found for ack in promises for seq in range(max(ack.first, outbox.first), ack.last + 1))
        assert not (made / "quarantine").exists()
        outbox.close()


@pytest.fixture(scope="module")
def waiting(tmp_path_factory):
    folder = tmp_path_factory.mktemp("waiting")
    outbox = Outbox(folder / "outbox", limit=10**9)
    for start in range(1, WAITING, 5000):
        seqs = range(start, start + 5000)
        outbox.put([Reading("pm", "pm2_5", float(seq), "ug/m3", Stamp("boot", seq * 10**8)) for seq in seqs])
    outbox.close()
    return folder


def test_start_is_quick_with_a_million_waiting(waiting):
    writer = Writer(waiting, 1, "--limit", str(10**9))
    promises = writer.kill()
    assert (promises[0].first, promises[0].oldest) == (WAITING + 1, 1)
    assert promises[0].last == WAITING + GROUP
    figure(f"from exec to the first group accepted, {WAITING} waiting", writer.ready, most=READY)
