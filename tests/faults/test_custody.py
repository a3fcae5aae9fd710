"""Proof of delivery over a real broker: what is killed, where, and when costs no reading, and nobody has to ask.

EDGE_ROUNDS kills of the receiver (3; 20 for the whole).
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys

import pytest

from tests.broker import NODE, QUIET, RUN, Lab, config, needs_mosquitto, until
from tests.waiting import PATIENCE

pytestmark = [pytest.mark.faults, pytest.mark.broker, needs_mosquitto]

ROUNDS = int(os.environ.get("EDGE_ROUNDS", "3"))
FAST = [f'air{n} sht3x sim:// interval="20ms"' for n in range(2)]
RECEIPTS = 'custody = "receipt"\nreceipt_within = "2s"\nbatch = 50\n'


@pytest.fixture
def lab(tmp_path):
    with Lab(tmp_path) as lab:
        yield lab


class Centre:
    """``edge receive --receipts`` in a process of its own."""

    def __init__(self, file, broker):
        self.file = file
        self._words = ["receive", str(file), "--broker", f"127.0.0.1:{broker.port}", "--receipts", "--json"]
        self._process = None

    def start(self):
        command = [sys.executable, "-c", RUN, *self._words]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=QUIET)

    def kill(self):
        self._process.kill()
        self._process.communicate()

    def stop(self):
        """The account that it gives in the end."""
        self._process.send_signal(signal.SIGTERM)
        said, _ = self._process.communicate(timeout=PATIENCE)
        return json.loads(said)["nodes"][NODE]

    def received(self):
        """All seqs in the file, in their order there."""
        if not self.file.exists():
            return []
        if self.file.suffix == ".jsonl":
            whole = self.file.read_text().rpartition("\n")[0].splitlines()
            return [json.loads(line)["seq"] for line in whole]
        if self.file.suffix == ".csv":
            return [int(line.split(",")[1]) for line in self.file.read_text().rpartition("\n")[0].splitlines()[1:]]
        try:
            return [seq for (seq,) in sqlite3.connect(self.file).execute("SELECT seq FROM readings")]
        except sqlite3.OperationalError:  # it has no table yet
            return []


def city(node):
    """The account of the node."""
    (uplink,) = node.ready()["uplinks"]
    return uplink


def test_what_a_broker_lost_comes_again_without_anybody_asking(lab):
    broker = lab.broker()
    node = lab.node(config(broker.port, *FAST, more=RECEIPTS))
    node.ready()
    assert until(lambda: city(node)["awaited"] and city(node)["awaited"][1] > 1000)
    broker.kill()  # nobody was subscribed: all that it has acknowledged is gone
    broker.start()
    centre = Centre(lab.folder / "all.sqlite", broker)
    centre.start()
    assert until(lambda: city(node)["delivered"] > 1000), city(node)
    account = centre.stop()
    assert set(range(1, 1001)) <= set(centre.received())
    print(f"0 of 1000 missing that the broker had lost; of {account['received']} came {account['twice']} twice")


@pytest.mark.parametrize("form", ["jsonl", "csv", "sqlite"])
def test_a_receiver_that_is_killed_loses_nothing_and_stores_nothing_twice(lab, form):
    broker = lab.broker(persistent=True)
    node = lab.node(config(broker.port, *FAST, more=RECEIPTS + 'payload = "rows"'))
    node.ready()
    centre = Centre(lab.folder / f"all.{form}", broker)
    for _ in range(ROUNDS):
        before = city(node)["delivered"]
        centre.start()
        assert until(lambda: city(node)["delivered"] > before + 50), city(node)  # noqa: B023 - used at once
        centre.kill()
    centre.start()
    last = city(node)["taken"]
    assert until(lambda: city(node)["delivered"] >= last), city(node)
    centre.stop()
    seqs = centre.received()
    assert set(range(1, last + 1)) <= set(seqs) and len(seqs) == len(set(seqs))
    print(f"{form}: {ROUNDS} kills, {len(seqs)} in the file, 0 missing, 0 twice there")


def test_node_and_broker_are_killed_in_turn(lab):
    broker = lab.broker()
    node = lab.node(config(broker.port, *FAST, more=RECEIPTS))
    centre = Centre(lab.folder / "all.sqlite", broker)
    centre.start()
    for _ in range(ROUNDS):
        node.ready()
        before = city(node)["delivered"]
        assert until(lambda: city(node)["delivered"] > before + 50), city(node)  # noqa: B023 - used at once
        broker.kill()
        broker.start()
        node.kill()
        node.start()
    node.ready()
    last = city(node)["taken"]
    assert until(lambda: city(node)["delivered"] >= last), city(node)
    account = centre.stop()
    assert set(range(1, last + 1)) <= set(centre.received())
    print(f"{ROUNDS} kills of broker and node each: {account['received']} received, 0 of {last} missing")
