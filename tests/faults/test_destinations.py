"""Several destinations and lying brokers: a dead one delays nobody, and what a broker lost can be asked for again.

EDGE_BACKLOG readings wait for the dead destination (4,000; 100,000 for acceptance).
"""

import os
from statistics import quantiles

import pytest

from edge.control import ask
from tests.broker import Lab, config, needs_mosquitto, until
from tests.faults.figures import figure
from tests.waiting import PATIENCE

pytestmark = [pytest.mark.faults, pytest.mark.broker, needs_mosquitto]

BACKLOG = int(os.environ.get("EDGE_BACKLOG", "4000"))
LATEST = 2.0  # seconds that 99 of 100 readings take at most, whatever is dead beside them
FAST = [f'air{n} sht3x sim:// interval="20ms"' for n in range(4)]
SECOND = '[[uplink]]\nname = "{name}"\nhost = "127.0.0.1"\nport = {port}\ntls = false\nrate = "20000/s"\n'


@pytest.fixture
def lab(tmp_path):
    with Lab(tmp_path) as lab:
        yield lab


def uplink(node, name):
    return next(item for item in node.ready()["uplinks"] if item["name"] == name)


def p99(delays):
    return quantiles(delays, n=100)[-1]


def test_a_dead_destination_delays_nobody_and_drains_afterwards(lab):
    living = lab.broker()
    listener = lab.listener(living)
    dead = lab.broker(start=False)
    node = lab.node(config(living.port, *FAST) + SECOND.format(name="dead", port=dead.port))
    assert until(lambda: len(listener.seqs) >= BACKLOG, PATIENCE + BACKLOG / 100)
    figure(f"delay beside a dead destination, p99 of {BACKLOG} readings", p99(listener.delays[:BACKLOG]), most=LATEST)
    assert uplink(node, "dead")["delivered"] == 0
    last = uplink(node, "dead")["taken"]
    dead.start()
    other = lab.listener(dead, "other")
    before = len(listener.delays)
    assert until(lambda: other.seqs.issuperset(range(1, last + 1)), PATIENCE + BACKLOG / 100)
    print(f"drained {last}, 0 missing")
    figure("delay at the living destination meanwhile, p99", p99(listener.delays[before:]), most=LATEST)


def test_what_a_broker_lost_after_acknowledging_comes_again_on_request(lab):
    broker = lab.broker()
    node = lab.node(config(broker.port, *FAST))
    node.ready()
    assert until(lambda: uplink(node, "city")["delivered"] >= 500)
    broker.kill()  # nobody was subscribed: all it acknowledged is gone
    broker.start()
    listener = lab.listener(broker)
    assert until(lambda: uplink(node, "city")["state"] == "connected")
    assert not listener.seqs & set(range(1, 401))
    ask(node.state, "replay", first=1, last=500)
    assert until(lambda: set(range(1, 501)) <= listener.seqs)
    print(f"0 of 500 missing after the replay; {len(listener.seqs)} readings heard")
    ledger = uplink(node, "city")
    assert ledger["taken"] == ledger["delivered"] + ledger["waiting"] + ledger["evicted"] + ledger["refused"]
