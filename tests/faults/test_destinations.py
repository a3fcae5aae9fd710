"""Several destinations and lying brokers: a dead one delays nobody, and what a broker lost can be asked for again.

EDGE_BACKLOG readings wait for the dead destination (4,000; 100,000 for the whole).
"""

import os

import pytest

from edge.control import ask
from tests.broker import Lab, config, needs_mosquitto, until

pytestmark = [pytest.mark.faults, pytest.mark.broker, needs_mosquitto]

BACKLOG = int(os.environ.get("EDGE_BACKLOG", "4000"))
FAST = [f'air{n} sht3x sim:// interval="20ms"' for n in range(4)]
SECOND = '[[uplink]]\nname = "{name}"\nhost = "127.0.0.1"\nport = {port}\ntls = false\nrate = "20000/s"\n'


@pytest.fixture
def lab(tmp_path):
    with Lab(tmp_path) as lab:
        yield lab


def uplink(node, name):
    return next(item for item in node.status()["uplinks"] if item["name"] == name)


def test_a_dead_destination_delays_nobody_and_drains_afterwards(lab):
    living = lab.broker()
    listener = lab.listener(living)
    dead = lab.broker(start=False)
    node = lab.node(config(living.port, *FAST) + SECOND.format(name="dead", port=dead.port))
    until(lambda: len(listener.seqs) >= BACKLOG, BACKLOG / 100)
    late = sorted(listener.delays)
    print(f"delay p50 {late[len(late) // 2]:.2f} s, p99 {late[int(len(late) * 0.99)]:.2f} s of {len(late)} readings")
    assert late[int(len(late) * 0.99)] <= 2.0
    assert uplink(node, "dead")["delivered"] == 0
    last = uplink(node, "dead")["taken"]
    dead.start()
    other = lab.listener(dead, "other")
    listener.delays.clear()
    until(lambda: set(range(1, last + 1)) <= other.seqs, 180)
    late = sorted(listener.delays)
    print(f"drained {last}, 0 missing; the living one meanwhile p99 {late[int(len(late) * 0.99)]:.2f} s")
    assert late[int(len(late) * 0.99)] <= 2.0


def test_what_a_broker_lost_after_acknowledging_comes_again_on_request(lab):
    broker = lab.broker()
    node = lab.node(config(broker.port, *FAST))
    node.ready()
    until(lambda: uplink(node, "city")["delivered"] >= 500, 60)
    broker.kill()  # nobody was subscribed: all it acknowledged is gone
    broker.start()
    listener = lab.listener(broker)
    until(lambda: uplink(node, "city")["state"] == "connected", 90)
    assert not listener.seqs & set(range(1, 401))
    ask(node.state, "replay", first=1, last=500)
    until(lambda: set(range(1, 501)) <= listener.seqs, 60)
    print(f"0 of 500 missing after the replay; {len(listener.seqs)} readings heard")
    ledger = uplink(node, "city")
    assert ledger["taken"] == ledger["delivered"] + ledger["waiting"] + ledger["evicted"] + ledger["refused"]
