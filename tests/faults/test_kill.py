"""Kills the node at any moment and stops the broker meanwhile: what was committed arrives, and no seq has two meanings.

EDGE_ROUNDS kills (50 for acceptance). The broker keeps the listener's session and queue over its stops and is stopped
in good order, so whatever is missing at the end was lost by the node and by no one else.
"""

import os
import random
import socket
import time

import pytest

from edge.reading import Level
from tests.broker import Lab, config, needs_mosquitto, until
from tests.faults.figures import figure
from tests.waiting import PATIENCE

pytestmark = [pytest.mark.faults, pytest.mark.broker, needs_mosquitto]

ROUNDS = int(os.environ.get("EDGE_ROUNDS", "5"))
FULL = 50  # rounds of acceptance
OUTAGES = 3
OUTAGE = 10.0 * min(1.0, ROUNDS / FULL)  # seconds
SEED = 417
FIFTY_A_SECOND = (
    "pm pms5003 sim://?period=0.5",
    'air sht3x sim:// interval="500ms"',
    "place gnss_nmea sim://?rate=2",
    'river ds18b20 sim:// interval="1s"',
)
SAME_TIME = 0.05  # seconds by which a repeat may be dated otherwise: the anchor of the boot may be a better one then


class Broker:
    """Is away for a while, as seen from the node."""

    def __init__(self, lab):
        self.mosquitto = lab.broker(persistent=True)
        self.listener = lab.listener(self.mosquitto)
        self._back_at = None

    def go(self, seconds):
        self.come_back()
        self.mosquitto.stop()
        self._back_at = time.monotonic() + seconds

    def come_back(self, by=None):
        """Waits for its return, no longer than the moment ``by``."""
        while self._back_at is not None:
            due = self._back_at if by is None else min(by, self._back_at)
            until(lambda due=due: time.monotonic() >= due, due - time.monotonic())
            if time.monotonic() >= self._back_at:
                self._back_at = None
                self.mosquitto.start()
            elif by is not None:
                return


def live(seconds, broker):
    """Lets so much time pass."""
    end = time.monotonic() + seconds
    broker.come_back(end)
    until(lambda: time.monotonic() >= end, seconds)


def test_nothing_committed_is_lost_to_kills_and_outages(tmp_path):
    dice = random.Random(SEED)
    outages = {ROUNDS * (number + 1) // (OUTAGES + 1) for number in range(OUTAGES)}
    with Lab(tmp_path) as lab:
        broker = Broker(lab)
        node = lab.node(config(broker.mosquitto.port, *FIFTY_A_SECOND, flush="200ms"))
        begin = time.monotonic()
        for number in range(ROUNDS):
            if number in outages:
                broker.go(OUTAGE)
            live(dice.uniform(0.2, 3.0), broker)
            node.kill()
            node.start()
        broker.come_back()
        lasted = time.monotonic() - begin
        assert until(lambda: (s := node.status()) and drained(s)), node.log
        assert node.terminate() == 0
        card = node.on_card()
        node.start()  # what the good-bye committed goes too
        committed = {seq for seq, _ in card}
        assert broker.listener.until(lambda heard: heard.seqs >= committed), len(committed - broker.listener.seqs)
        ledger = node.ready()["uplinks"][0]
        node.terminate()
        check(card, broker.listener.records, node)
    assert ledger["evicted"] == ledger["refused"] == 0
    records = broker.listener.records
    repeats = len(records) - len(broker.listener.seqs)
    print(
        f"\ntaken {len(card)}, delivered {len(broker.listener.seqs & committed)}, missing 0, repeats {repeats}, "
        f"restarts {ROUNDS}, broker stops {len(outages)} of {OUTAGE:.1f} s, {len(card) / lasted:.0f} readings/s"
    )


def test_stop_is_quick_although_the_broker_is_mute(tmp_path):
    with Lab(tmp_path) as lab, socket.create_server(("127.0.0.1", 0)) as mute:
        node = lab.node(config(mute.getsockname()[1], *FIFTY_A_SECOND))
        assert until(lambda: (s := node.status()) and s["outbox"]["last"] > 50)
        mute.settimeout(PATIENCE)
        with mute.accept()[0]:
            begin = time.monotonic()
            assert node.terminate() == 0
            took = time.monotonic() - begin
    figure("until it has stopped", took, most=6)


def drained(status):
    return status["uplinks"][0]["state"] == "connected" and status["uplinks"][0]["waiting"] < 100


def check(card, records, node):
    """Each seq once on the card, without a hole; what came is what is on the card, every time it came."""
    assert [seq for seq, _ in card] == list(range(1, len(card) + 1))
    stored = dict(node.on_card())  # the last good-bye put a few more there
    first = {}
    for record in records:
        reading, other = stored[record.seq], first.setdefault(record.seq, record)
        assert (record.device, record.quantity) == (reading.device, reading.quantity)
        assert record.value == reading.value or record.quality >= Level.BAD, (record, reading)
        if record.boot is not None:
            assert abs(record.time - reading.at.ticks / 1e9) < SAME_TIME, (record, reading)
        if record.boot == other.boot:
            assert record.value == other.value and abs(record.time - other.time) < SAME_TIME, (record, other)
    assert not node.lines("Traceback")
