"""The real node against brokers that lie, break and go silent: named in time, flat in memory, nothing lost.

A node works with a good broker first; then the broker turns bad, and is good again in the end. EDGE_WATCH is how long
the memory is looked at meanwhile, in seconds (60 for acceptance; 5).
"""

import os
import time
from contextlib import ExitStack

import pytest

from edge.uplink.reasons import PAUSE, REASONS
from tests.broker import Lab, config, until
from tests.faults.figures import figure
from tests.hostile import Hostile

pytestmark = pytest.mark.faults

WATCH = float(os.environ.get("EDGE_WATCH", "5"))
WARM = 35.0  # seconds until thirty destinations with their readers have come to rest
FLAT = 2.0  # MB of RSS
FAST = [f'air{n} sht3x sim:// interval="50ms"' for n in range(4)]
BAD = {  # state, and seconds in which it has to have its name
    "never-acks": ("silent", 30),
    "hangs-up": ("closed", 10),
    "huge": ("protocol", 10),
    "just-too-large": ("protocol", 10),
    "endless-length": ("protocol", 10),
    "garbage": ("protocol", 10),
    "flood": ("protocol", 10),
    "silent": ("no-answer", 30),
    "http": ("portal", 10),
    "page": ("portal", 10),
    "wrong-version": ("protocol", 10),
    "taken-over": ("taken-over", 10),
    "loris": ("protocol", 30),
}
ODD = ("out-of-order", "doubles", "unknown-ids", "slow", "only3", "limit 3000")
CONNACK = [*range(0x80, 0x8B), 0x8C, 0x90, 0x95, 0x97, *range(0x99, 0x9E), 0x9F]
PUBACK = [0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x10]  # 0x99 parks: tests/test_uplink_hostile.py, test_forwarder.py
SECOND = '[[uplink]]\nname = "{name}"\nhost = "127.0.0.1"\nport = {port}\ntls = false\nbatch = 50\n'


@pytest.fixture
def lab(tmp_path):
    with Lab(tmp_path) as lab:
        yield lab


@pytest.fixture
def broker():
    with Hostile() as broker:
        yield broker


def uplink(node, name="city"):
    return next(item for item in node.ready()["uplinks"] if item["name"] == name)


def rss(node):
    return node.ready()["process"]["rss"]


def settled(lab, broker):
    """A node that has delivered for a while to a good broker, and its memory."""
    node = lab.node(config(broker.port, *FAST, more="batch = 50"))
    node.ready()
    assert until(lambda: uplink(node).get("delivered", 0) >= 600), node.log
    return node, rss(node)


def grown(node, base):
    """The most that the memory grew while it was looked at, in MB."""
    most, end = 0, time.monotonic() + WATCH
    while not until(lambda: time.monotonic() > end, 0.2):
        most = max(most, rss(node) - base)
    return most / 1e6


def sound(node, broker, name="city"):
    """After a restart towards a broker that is good now: everything arrives, and the account says so."""
    broker.mode = "good"
    node.terminate()
    taken = max(number for number, _ in node.on_card())
    node.start()
    assert until(lambda: uplink(node, name).get("waiting", 1) < 50 and set(range(1, taken + 1)) <= set(broker.kept))
    ledger = uplink(node, name)
    assert ledger["refused"] == ledger["evicted"] == 0
    assert ledger["taken"] == ledger["delivered"] + ledger["waiting"]
    return taken


@pytest.mark.parametrize("mode", BAD)
def test_a_bad_broker_is_named_in_time_and_costs_neither_memory_nor_readings(lab, broker, mode):
    state, limit = BAD[mode]
    node, base = settled(lab, broker)
    broker.mode, begun, connects = mode, time.monotonic(), len(broker.connects)
    if mode != "never-acks":
        broker.hang_up()
    assert until(lambda: uplink(node).get("cause") == state), (uplink(node), node.log)
    named = time.monotonic() - begun
    most = grown(node, base)
    connects, watched = len(broker.connects) - connects, time.monotonic() - begun
    taken = sound(node, broker)
    twice = len(broker.kept) - len(set(broker.kept))
    times = len(broker.offered) / len(set(broker.offered))
    print(f"{mode}: {connects} connects in {watched:.0f} s, {taken} taken, 0 missing, {twice} twice")
    assert connects <= 4 + watched / 5
    figure(f"{mode}: until it is named {state}", named, most=limit)
    figure(f"{mode}: memory beyond {base / 1e6:.1f} MB", most, "MB", most=FLAT)
    figure(f"{mode}: times that a reading is sent", times, "", most=2)


@pytest.mark.parametrize("mode", ODD)
def test_an_odd_broker_gets_everything(lab, broker, mode):
    node, base = settled(lab, broker)
    broker.mode = mode
    broker.hang_up()
    before = uplink(node)["delivered"]
    most = grown(node, base)
    assert until(lambda: uplink(node)["delivered"] > before), node.log
    print(f"{mode}: {sound(node, broker)} taken, 0 missing")
    figure(f"{mode}: memory beyond {base / 1e6:.1f} MB", most, "MB", most=FLAT)


def test_every_reason_code_is_named_and_none_costs_a_reading(lab):
    """One node, a destination for each code, so that the long pauses run side by side."""
    modes = {f"connack-{code:02x}": f"connack {code:02x}" for code in CONNACK}
    modes |= {f"puback-{code:02x}": f"puback {code:02x}" for code in PUBACK}
    wanted = {name: REASONS[int(name[-2:], 16)] for name in modes}
    expected = {name: row.state or None for name, row in wanted.items()} | {"connack-99": "protocol"}  # new to paho
    with ExitStack() as stack:
        brokers = {name: stack.enter_context(Hostile(mode)) for name, mode in modes.items()}
        more = "".join(SECOND.format(name=name, port=broker.port) for name, broker in brokers.items())
        node = lab.node(config(stack.enter_context(Hostile()).port, *FAST) + more)
        begun = time.monotonic()

        def causes():
            return {item["name"]: item["cause"] for item in node.ready()["uplinks"] if item["name"] in modes}

        assert until(lambda: causes() == expected), causes()
        print(f"{len(modes)} codes named {time.monotonic() - begun:.1f} s after the start")
        until(lambda: time.monotonic() > begun + WARM, WARM + 1)
        base = rss(node)
        figure(f"memory beyond {base / 1e6:.1f} MB", grown(node, base), "MB", most=FLAT)
        assert {name for name, row in wanted.items() if PAUSE.get(row.does) and len(brokers[name].connects) > 1} <= {
            name for name, row in wanted.items() if PAUSE.get(row.does) == 60.0
        }
        ledgers = {name: uplink(node, name) for name in modes}
        assert {name: ledger["refused"] for name, ledger in ledgers.items() if ledger["refused"]} == {}
        assert ledgers["puback-10"]["delivered"] > 0
        for broker in brokers.values():
            broker.mode = "good"
        node.terminate()
        everything = {number for number, _ in node.on_card()}
        node.start()
        assert until(lambda: all(everything <= set(broker.kept) for broker in brokers.values()))
        print(f"{len(everything)} readings, 0 missing at each of {len(brokers)} destinations once they were good")
