"""The card of a running node fails: live values go on to a real broker, and come again with their seqs afterwards.

EDGE_FAILING seconds (30 for acceptance). Writes and flushes are I/O errors; reads go on, as on a card at the end of its
life. An ext4 with a journal makes itself read-only at the first of them and stays so; one without outlives them.
"""

import json
import os
import time
from statistics import quantiles

import pytest

from edge.cli.status import lines
from tests.broker import Lab, config, needs_mosquitto, on_card, until
from tests.faults.blockdevice import BlockDevice, needs_block_device
from tests.faults.figures import figure

pytestmark = [pytest.mark.faults, needs_block_device, needs_mosquitto]

FAILING = float(os.environ.get("EDGE_FAILING", "8"))
LATEST = 2.0  # seconds from the stamp of a reading to its copy at the far end
SAME = 0.1  # seconds by which one reading may be dated otherwise once the anchor of the boot is a better one
SAVES = 60.0  # seconds between two attempts to save the cursors
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
    assert listener.until(lambda heard: len(heard.records) > 20), node.log
    return node, listener


def failed(node, listener, device):
    """Lets the card fail for a while; gives the last status meanwhile."""
    device.fail()
    assert until(lambda: (node.status() or {}).get("ailing") == ["storage"]), node.log
    assert listener.until(lambda heard: heard.copies), node.log
    listener.until(lambda heard: False, FAILING)
    status = node.ready()
    assert next(iter(lines(status))).count("degraded: storage") == 1
    return status


def _each_numbered(listener):
    """Whether each copy came again with a seq; the senders' paces are far longer than ``SAME``."""
    numbered = {}
    for record in list(listener.records):
        numbered.setdefault((record.device, record.quantity), []).append(record.time)
    return all(
        any(abs(copy.time - time) < SAME for time in numbered.get((copy.device, copy.quantity), ()))
        for copy in list(listener.copies)
    )


def judged(listener, what):
    delays = list(listener.copy_delays)
    figure(f"{what}: delay of {len(delays)} copies, p99", quantiles(delays, n=100)[-1], most=LATEST)
    times = [record.time for record in list(listener.copies)]
    figure(f"{what}: time that the copies cover", max(times) - min(times), least=0.8 * FAILING)


def test_live_values_go_on_and_get_their_seqs_when_the_card_is_well_again(tmp_path, lab):
    with BlockDevice(tmp_path / "card", journal=False) as device:
        node, listener = started(lab, device)
        began = time.monotonic()
        status = failed(node, listener, device)
        held, before = status["outbox"]["held"], status["outbox"]["last"]
        judged(listener, "failing card")
        device.heal()
        assert until(lambda: (node.status() or {}).get("health") == "healthy"), node.log
        tries = 1 + (time.monotonic() - began) / SAVES
        assert until(lambda: _each_numbered(listener))
        status = node.ready()
        last = status["outbox"]["last"]
        assert listener.until(lambda heard: heard.seqs.issuperset(range(1, last + 1))), node.log
        assert node.terminate() == 0 and "Traceback" not in node.log
        kept = on_card(node.state)
    measured = [sensor["good"] + sensor["bad"] for sensor in status["sensors"]]
    stored = [sum(read.quantity == quantity for _, read in kept) for quantity in ("pm2_5", "latitude")]
    print(f"{held} held meanwhile, {len(kept)} on the card, 0 of them missing at the broker")
    assert len(node.lines("does not take readings")) == 1 and len(node.lines("could not be saved")) <= tries
    assert held > 0 and last > before and status["outbox"]["overrun"] == 0
    assert all(count >= least for count, least in zip(stored, measured, strict=True)), (stored, measured)
    assert len({(read.device, read.quantity, read.at) for _, read in kept}) == len(kept), "one reading, two seqs"


def test_a_card_that_stays_read_only_leaves_live_values_and_a_node_that_ends_in_good_order(tmp_path, lab):
    with BlockDevice(tmp_path / "card") as device:
        node, listener = started(lab, device)
        acknowledged = listener.seqs
        failed(node, listener, device)
        device.heal()
        judged(listener, "read-only file system")
        status = node.ready()
        assert status["ailing"] == ["storage"] and "ead-only" in json.dumps(status["outbox"]["trouble"])
        assert status["outbox"]["overrun"] == 0
        assert node.terminate() == 0 and "Traceback" not in node.log
        before = len(listener.copies)
        node.start()  # on a card that is read-only from the start
        assert listener.until(lambda heard: len(heard.copies) > before + 20), node.log
        assert node.terminate() == 0 and "Traceback" not in node.log
    assert acknowledged <= listener.seqs
