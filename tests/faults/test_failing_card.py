"""The card of a running node fails: live values go on to a real broker, and come again with their seqs afterwards.

EDGE_FAILING seconds (30 for acceptance). Writes and flushes are I/O errors; reads go on, as on a card at the end of its
life. An ext4 with a journal makes itself read-only at the first of them and stays so; one without outlives them.
"""

import json
import os
from statistics import quantiles

import pytest

from edge.cli.status import lines
from tests.broker import Lab, config, needs_mosquitto, on_card, until
from tests.faults.blockdevice import BlockDevice, needs_block_device

pytestmark = [pytest.mark.faults, needs_block_device, needs_mosquitto]

FAILING = float(os.environ.get("EDGE_FAILING", "8"))
LATEST = 2.0  # seconds from the stamp of a reading to its copy at the far end
SENSORS = ("pm pms5003 sim://", "gps gnss_nmea sim://")


@pytest.fixture
def lab(tmp_path):
    with Lab(tmp_path) as lab:
        yield lab


def started(lab, device):
    """A node on that device, a broker and a listener, all well."""
    broker = lab.broker()
    listener = lab.listener(broker)
    node = lab.node(config(broker.port, *SENSORS, flush="1s").replace("64MB", "4MB"), start=False)
    node.state = device.mount / "state"
    node.start()
    node.ready()
    assert listener.until(lambda heard: len(heard.records) > 20, 20), node.log
    return node, listener


def identity(record):
    """What tells a reading from all others, with or without a seq."""
    return record.device, record.quantity, round(record.time, 3), record.boot


def failed(node, listener, device):
    """Lets the card fail for a while; gives the last status meanwhile."""
    device.fail()
    assert until(lambda: (node.status() or {}).get("ailing") == ["storage"], 20), node.log
    assert listener.until(lambda heard: heard.copies, 20), node.log
    listener.until(lambda heard: False, FAILING)
    status = node.status()
    assert next(iter(lines(status))).count("degraded: storage") == 1
    return status


def _each_numbered(listener):
    return set(map(identity, listener.copies)) <= set(map(identity, listener.records))


def judged(listener, what):
    delays = sorted(listener.copy_delays)
    p99 = quantiles(delays, n=100)[-1]
    print(f"\n{what}: {len(delays)} copies, late by {p99:.2f} s (p99), {delays[-1]:.2f} s (most)")
    assert p99 <= LATEST
    times = [record.time for record in listener.copies]
    assert max(times) - min(times) >= 0.8 * FAILING, "the copies cover only a part of the time"


def test_live_values_go_on_and_get_their_seqs_when_the_card_is_well_again(tmp_path, lab):
    with BlockDevice(tmp_path / "card", journal=False) as device:
        node, listener = started(lab, device)
        status = failed(node, listener, device)
        held, before = status["outbox"]["held"], status["outbox"]["last"]
        judged(listener, "failing card")
        device.heal()
        assert until(lambda: (node.status() or {}).get("health") == "healthy", 30), node.log
        assert listener.until(_each_numbered, 30)
        status = node.status()
        assert node.terminate() == 0 and "Traceback" not in node.log
        kept = on_card(node.state)
        arrived = listener.seqs
    missing = [seq for seq, _ in kept if seq not in arrived]
    measured = [sensor["good"] + sensor["bad"] for sensor in status["sensors"]]
    stored = [sum(read.quantity == quantity for _, read in kept) for quantity in ("pm2_5", "latitude")]
    print(f"{held} held meanwhile, {len(kept)} on the card, {len(missing)} of them missing at the broker")
    assert len(node.lines("does not take readings")) == 1 and len(node.lines("could not be saved")) <= 1 + FAILING / 60
    assert held > 0 and status["outbox"]["last"] > before
    assert missing == [] and status["outbox"]["overrun"] == 0
    assert all(count >= least for count, least in zip(stored, measured, strict=True)), (stored, measured)
    assert len({identity(record): record.seq for record in listener.records}) == len(arrived), "one reading, two seqs"


def test_a_card_that_stays_read_only_leaves_live_values_and_a_node_that_ends_in_good_order(tmp_path, lab):
    with BlockDevice(tmp_path / "card") as device:
        node, listener = started(lab, device)
        acknowledged = listener.seqs
        failed(node, listener, device)
        device.heal()
        judged(listener, "read-only file system")
        status = node.status()
        assert status["ailing"] == ["storage"] and "ead-only" in json.dumps(status["outbox"]["trouble"])
        assert status["outbox"]["overrun"] == 0
        assert node.terminate() == 0 and "Traceback" not in node.log
        before = len(listener.copies)
        node.start()  # on a card that is read-only from the start
        assert listener.until(lambda heard: len(heard.copies) > before + 20, 30), node.log
        assert node.terminate() == 0 and "Traceback" not in node.log
    assert acknowledged <= listener.seqs
