"""A node and a broker on a network that is bad in every way of a radio: dead, flapping, gone for a day, lossy, slow.

EDGE_ROUNDS, if set, is the number of flaps and makes the rest short as well; else 100 flaps and a whole day. Figures
are printed (``-s``).
"""

import os
import random
import select
import socket
import struct
import threading
import time
from math import inf
from pathlib import Path

import pytest

from edge.cli.receive.account import Account
from edge.clock import Stamp
from edge.outbox.outbox import Outbox
from edge.reading import Reading
from tests.broker import Lab, config, needs_mosquitto, resolved, until
from tests.faults.figures import SHORT, figure
from tests.faults.network import FAR, HOSTILE, Network, inside, needs_network, needs_tun
from tests.waiting import PATIENCE

pytestmark = [pytest.mark.faults, needs_mosquitto, *needs_network]

FLAPS = int(os.environ.get("EDGE_ROUNDS", "100"))
DAY = 43_200 if SHORT else 86_400  # seconds without a link
WATCHED = 40 if SHORT else 180  # seconds that a slow link is looked at
SLOW = 9600  # bit/s
SETTLES = 20  # seconds after which birth, inventory and the first guesses are over
ETHERNET = 14  # bytes of a frame's header
SEGMENT, HEADERS = 1448, 52  # bytes of a full TCP segment: payload; IP and TCP with time stamps
ALARM = '[[rule]]\nname = "warm"\nfor = "40s"\n[[rule.when]]\nsensor = "air"\nquantity = "temperature"\nabove = -100.0'
AIR = 'air sht3x sim:// interval="1s"'  # two readings a second
DEFLATED = 'insecure_plaintext = true\ncompress = "deflate"'


class Scene:
    """A broker and a listener at the far end; a node at the near one, once it is started."""

    def __init__(self, lab, network):
        self.lab, self.network = lab, network
        with inside(network.far):
            self.broker = lab.broker(host=FAR)
            self.listener = lab.listener(self.broker)

    def start(self, *sensors, more="", flush="1s"):
        text = config(self.broker.port, *sensors, more=f"{DEFLATED}\n{more}", flush=flush, host=FAR)
        with inside(self.network.near):
            self.node = self.lab.node(text)

    @property
    def uplink(self):
        return self.node.ready()["uplinks"][0]

    def is_in(self, state, seconds=PATIENCE):
        assert until(lambda: self.uplink["state"] == state, seconds), (state, self.uplink, self.node.log)

    def drained(self, seconds=PATIENCE):
        """Waits until all has arrived that was taken so far; gives the last seq of it."""
        assert until(lambda: self.uplink["waiting"] < 20, seconds), self.uplink
        taken = self.node.ready()["outbox"]["last"]
        assert self.listener.until(lambda listener: taken in listener.seqs), self.uplink
        return taken

    def live_delays(self):
        """The same of those that came in the lane of live readings."""
        live = {record.seq for lane, record in arrivals(self.listener) if lane == "live"}
        both = zip(self.listener.records, self.listener.delays, strict=False)
        return [delay for record, delay in both if record.seq in live]

    def delays(self, device):
        """Seconds from the stamp of each reading of a device to its arrival."""
        both = zip(self.listener.records, self.listener.delays, strict=False)  # more may come meanwhile
        return [delay for record, delay in both if record.device == device]


@pytest.fixture
def scene(tmp_path):
    with Network() as network, Lab(tmp_path) as lab:
        yield lambda: Scene(lab, network), network


def account(listener, taken):
    """The account of ``edge receive`` of what came; all up to ``taken`` must have."""
    kept = Account()
    for record in list(listener.records):
        kept.take(record.seq)
    assert kept.first == 1 and kept.last >= taken
    return kept


def arrivals(listener):
    """Each routine reading with its lane, as they came; MQTT 3.1.1, spoken where CONNACK is late, tells no lane."""
    for message in listener.on("readings"):
        for record in resolved(message.payload):
            yield message.properties.get("lane", ""), record


def in_order(listener):
    """Whether each device's readings came in order of seq within their lane where that is told, repeats aside."""
    seen, last = set(), {}
    for lane, record in arrivals(listener):
        if lane and record.seq not in seen and record.seq < last.get((lane, record.device), 0):
            return False
        last[lane, record.device] = max(record.seq, last.get((lane, record.device), 0))
        seen.add(record.seq)
    return True


def filled(state, seconds, sensors=2):
    """An outbox as after so long without a link: a reading a second of each of some sensors, of an earlier boot."""
    outbox, chance, values = Outbox(state / "outbox", limit=1 << 30), random.Random(5), [20.0] * sensors
    for minute in range(0, seconds, 60):
        readings = []
        for second in range(minute, minute + 60):
            for number in range(sensors):
                values[number] = round(values[number] + chance.uniform(-0.05, 0.05), 2)
                at = Stamp("before", second * 10**9 + number * 10**6)
                readings.append(Reading(f"old{number}", "temperature", values[number], "Cel", at))
        outbox.put(readings)
    outbox.close()
    return seconds * sensors


def counted(network):
    """Bytes of IP that the node's end of the link has carried, in both directions."""
    with inside(network.near):
        lines = Path("/proc/net/dev").read_text().splitlines()
    (wire,) = [line.split(":")[1].split() for line in lines if line.strip().startswith("wire:")]
    received, packets_in, sent, packets_out = (int(wire[at]) for at in (0, 1, 8, 9))
    return received + sent - ETHERNET * (packets_in + packets_out)


def test_a_budget_counts_what_the_network_carries(scene):
    made, network = scene
    network.cable()
    scene = made()
    scene.start(*(f'air{number} sht3x sim:// interval="50ms"' for number in range(5)), flush="100ms")
    told, carried = [], []
    for count in (100, 3000):
        assert until(lambda count=count: scene.uplink["delivered"] > count)
        told.append(scene.uplink["budget"]["day"]["used"])
        carried.append(counted(network))
    share = (told[1] - told[0]) / (carried[1] - carried[0])
    figure(f"share of {carried[1] - carried[0]} bytes of IP that the budget has", share, "", least=0.97, most=1.03)


@pytest.mark.parametrize(("sensors", "limit"), [((AIR,), 30), ((), 90)], ids=["busy", "idle"])
def test_a_dead_link_is_found(scene, sensors, limit):
    made, network = scene
    network.cable()
    scene = made()
    scene.start(*sensors)
    scene.is_in("connected")
    assert until(lambda: not sensors or scene.uplink["delivered"] > 10)
    network.cut()
    cut = time.monotonic()
    scene.is_in("down")
    found = time.monotonic() - cut
    network.mend()
    scene.is_in("connected")
    figure(f"until a dead link is found, {'busy' if sensors else 'idle'}", found, most=limit)


def test_nothing_is_missing_after_many_flaps(scene):
    made, network = scene
    network.cable()
    scene = made()
    scene.start(*(f'air{number} sht3x sim:// interval="200ms"' for number in range(3)))
    scene.is_in("connected")
    chance, pause = random.Random(7), threading.Event()
    began = time.monotonic()
    for flap in range(FLAPS):
        (network.unplug, network.cut, lambda: network.cut(HOSTILE))[flap % 3]()
        pause.wait(chance.uniform(0.5, 4.0))
        network.mend()
        pause.wait(chance.uniform(0.5, 4.0))
    lasted = time.monotonic() - began
    connects = scene.node.log.count("is connected")
    taken = scene.drained(PATIENCE + 4 * FLAPS)
    kept = account(scene.listener, taken)
    print(
        f"\n{FLAPS} flaps in {lasted:.0f} s, {connects} connections: {taken} taken, {kept.missing} missing, "
        f"{kept.twice} twice"
    )
    assert kept.missing == 0 and in_order(scene.listener)


def test_a_day_without_a_link_drains_fast_behind_live_readings(scene, tmp_path):
    made, network = scene
    network.cable(rate=1_000_000)
    scene = made()
    waiting = filled(tmp_path / "state", DAY)
    scene.start(AIR)
    first = until(lambda: scene.listener.records and time.monotonic())
    assert until(lambda: scene.uplink["waiting"] < 20, PATIENCE + DAY / 40), scene.uplink
    lasted = time.monotonic() - first
    live = scene.live_delays()
    kept = account(scene.listener, scene.drained())
    print(f"{waiting} waited, drained in {lasted:.1f} s; {kept.missing} missing, {kept.twice} twice")
    assert kept.missing == 0 and in_order(scene.listener)
    figure("rate of the drain", waiting / lasted, "readings/s", least=10 * 2)
    figure("live readings meanwhile", len(live), "", least=2 * (lasted - 5))
    figure("their delay, most", max(live, default=inf), most=5)


def plain(network):
    """Bytes a second that TCP alone carries over this link."""
    with inside(network.far):
        server = socket.create_server((FAR, 0))
    with inside(network.near):
        client = socket.create_connection(server.getsockname())
    taker, _ = server.accept()
    with server, client, taker:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # leaves nothing on the link
        client.setblocking(False)
        came, began = 0, time.monotonic()
        while time.monotonic() < began + WATCHED:
            readable, writable, _ = select.select([taker], [client], [], 1)
            came += len(taker.recv(65_536)) if readable else 0
            if writable:
                client.send(bytes(1024))
        return came / (time.monotonic() - began)


@pytest.mark.parametrize("loss", [0.0, pytest.param(0.05, marks=needs_tun)])
def test_a_slow_link_is_used_and_nobody_waits_long(scene, tmp_path, loss):
    """Payload is the deflated packs; the link's rate what full TCP segments carry, with losses what TCP alone does."""
    made, network = scene
    if loss:
        network.radio(delay=0.15, loss=loss, twice=0.02, rate=SLOW)
    else:
        network.cable(rate=SLOW)
    full = SLOW / 8 * SEGMENT / (SEGMENT + HEADERS)
    carried = plain(network) if loss else full
    scene = made()
    waiting = filled(tmp_path / "state", DAY)
    scene.start(AIR, more=ALARM)
    assert scene.listener.until(lambda listener: listener.records)
    threading.Event().wait(SETTLES)
    began, start = time.monotonic(), len(scene.listener.messages)
    threading.Event().wait(WATCHED)
    lasted, came = time.monotonic() - began, scene.listener.messages[start:]
    uplink, packs = scene.uplink, [message for message in came if message.channel in ("readings", "alarms")]
    size = sum(len(pack.payload) for pack in packs)
    live, (raised, *_) = scene.live_delays(), until(lambda: scene.delays("warm"))
    print(
        f"{SLOW} bit/s, {loss:.0%} lost, {lasted:.0f} s: {size / lasted:.0f} bytes/s of packs are "
        f"{size / lasted / full:.0%} of full segments without a loss, TCP alone has {carried / full:.0%}; "
        f"{len(packs)} packs of {size / len(packs):.0f} bytes"
    )
    assert uplink["evicted"] == uplink["refused"] == 0
    figure("share of what the link carries", size / lasted / carried, "", least=0.7)
    figure("delay of live readings, most", max(live, default=inf), most=20)
    figure("delay of the alarm", raised, most=10)
    figure("connections", scene.node.log.count("is connected"), "", most=1)
    old = {seq for seq in scene.listener.seqs if seq <= waiting}
    assert old == set(range(1, max(old) + 1)) and in_order(scene.listener)


@needs_tun
def test_a_far_and_lossy_link_loses_nothing(scene, tmp_path):
    made, network = scene
    network.radio(delay=0.15, loss=0.05, twice=0.02)
    scene = made()
    waiting = filled(tmp_path / "state", DAY)
    scene.start(AIR)
    began = scene.listener.until(lambda listener: listener.records and time.monotonic())
    assert until(lambda: scene.uplink["waiting"] < 20, PATIENCE + DAY / 40), scene.uplink
    lasted = time.monotonic() - began
    kept = account(scene.listener, scene.drained())
    print(
        f"300 ms, 5 % lost, 2 % twice: {waiting} waited, drained in {lasted:.1f} s, "
        f"live delay at most {max(scene.live_delays(), default=inf):.1f} s; {kept.missing} missing, {kept.twice} twice"
    )
    assert kept.missing == 0 and in_order(scene.listener)
    figure("rate of the drain", waiting / lasted, "readings/s", least=10 * 2)
