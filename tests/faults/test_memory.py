"""The node stays small: after the start, with a million readings waiting, while they drain, and in the long run.

Sensors without gpiozero, whose simulated pins are no part of a daemon. EDGE_SOAK seconds of the long run (20).
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest

from edge.clock import Clock, Stamp
from edge.outbox.outbox import Outbox
from edge.reading import Reading
from tests.broker import NODE, QUIET, Lab, config, needs_mosquitto, until

pytestmark = [pytest.mark.faults, pytest.mark.broker, needs_mosquitto]

MILLION = 1_000_000
STEP = 5_000_000  # ns between two of them
MOST = 32e6  # bytes of resident memory
MODULES = 190  # that are not ours; pynmea2 alone brings 24 of them
READY = 2.0  # seconds
SOAK = float(os.environ.get("EDGE_SOAK", "20"))
NEVER = ("rich", "amqtt", "asyncio", "pint", "pydantic", "numpy", "gpiozero", "urllib.request", "http", "email")
SENSORS = (
    "pm pms5003 sim://",
    'air sht3x sim:// interval="1s"',
    "place gnss_nmea sim://",
    'river ds18b20 sim:// interval="1s"',
)
# runs the node for two seconds and tells what it has imported; python -S leaves out what an editable install adds
LISTS = """
import json, os, signal, site, sys, threading
from edge.cli import main
def tell():
    print(json.dumps(sorted(sys.modules)), flush=True)
    os.kill(os.getpid(), signal.SIGTERM)
threading.Timer(2, tell).start()
sys.exit(main())
"""


@pytest.fixture
def lab(tmp_path):
    with Lab(tmp_path) as lab:
        yield lab


@pytest.fixture(scope="module")
def million(tmp_path_factory):
    """A state folder in which a million readings wait."""
    folder = tmp_path_factory.mktemp("million")
    outbox, boot = Outbox(folder / "outbox", limit=10**9), Clock().boot
    now = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    for start in range(0, MILLION, 1000):
        at = [Stamp(boot, now - (MILLION - number) * STEP) for number in range(start, start + 1000)]
        outbox.put([Reading("old", "temperature", float(stamp.ticks % 40), "Cel", stamp) for stamp in at])
    outbox.close()
    yield folder
    shutil.rmtree(folder)


class Notices:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self):
        self.address = f"@edge-test-{os.getpid()}"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + self.address[1:])
        self._socket.settimeout(30)

    def ready(self):
        """Waits for READY=1."""
        while b"READY=1" not in self._socket.recv(4096).split(b"\n"):
            pass

    def close(self):
        self._socket.close()


def rss(node):
    return node.status()["process"]["rss"]


def all_good(node):
    status = node.status()
    return status is not None and all(sensor["good"] for sensor in status["sensors"])


def shown(what, node):
    """The resident memory now, which is also held against the limit."""
    got = rss(node)
    print(f"{what}: {got / 1e6:.1f} MB")
    assert got <= MOST, what
    return got


def test_only_what_is_needed_is_imported(lab):
    node = lab.node(config(1, *SENSORS), start=False)
    words = ["run", "--config", str(node.config), "--state", str(node.state)]
    paths = os.pathsep.join([str(Path(__file__).parents[2]), sysconfig.get_path("purelib")])
    command = [sys.executable, "-S", "-c", LISTS, *words]
    done = subprocess.run(command, capture_output=True, env=QUIET | {"PYTHONPATH": paths}, timeout=30)
    modules = json.loads(done.stdout)
    foreign = [name for name in modules if name.partition(".")[0] not in ("edge", "drivers", "__main__")]
    print(f"\n{len(modules)} modules, {len(foreign)} of them not ours")
    assert "paho.mqtt.client" in foreign and "drivers.sim.pms5003" in modules
    assert not [name for name in foreign if name in NEVER or name.partition(".")[0] in NEVER]
    assert len(foreign) <= MODULES


def test_memory_is_flat_with_a_million_waiting(lab, million):
    broker = lab.broker(start=False)  # nobody there yet
    node = lab.node(config(broker.port, *SENSORS).replace('"64MB"', '"1GB"'), start=False)
    node.start()
    node.ready()
    assert until(lambda: all_good(node), 15), node.log
    shown("\nafter the start", node)
    assert node.terminate() == 0

    shutil.rmtree(node.state)
    shutil.copytree(million, node.state)
    notices = Notices()
    begin = time.monotonic()
    node.start(NOTIFY_SOCKET=notices.address)
    notices.ready()
    took = time.monotonic() - begin
    notices.close()
    print(f"READY after {took:.2f} s with {MILLION} waiting")
    assert until(lambda: all_good(node), 15), node.log
    assert node.status()["uplinks"][0]["waiting"] >= MILLION
    shown("with a million waiting", node)

    broker.start()
    assert until(lambda: node.status()["uplinks"][0]["delivered"], 70)  # the wait between tries may be a minute
    before, begin = node.status()["uplinks"][0]["delivered"], time.monotonic()
    peak = 0
    while node.status()["uplinks"][0]["delivered"] < MILLION and time.monotonic() < begin + 300:
        peak = max(peak, rss(node))
        until(lambda: False, 0.2)
    drained, lasted = node.status()["uplinks"][0]["delivered"] - before, time.monotonic() - begin
    print(f"drained {drained} in {lasted:.1f} s: {drained / lasted:.0f} readings/s; peak {peak / 1e6:.1f} MB")
    assert node.status()["uplinks"][0]["delivered"] >= MILLION
    shown("after that", node)
    assert peak <= MOST
    assert took <= READY


def test_memory_stays_in_the_long_run(lab):
    broker = lab.broker()
    node = lab.node(config(broker.port, *SENSORS))
    node.ready()
    assert until(lambda: all_good(node), 15), node.log
    first, begin = shown("\nat the start", node), time.monotonic()
    end = begin + SOAK
    peak = first
    while time.monotonic() < end:
        until(lambda: time.monotonic() >= end, min(10.0, end - time.monotonic()))
        peak = max(peak, rss(node))
    status = node.status()
    last = shown(f"after {SOAK:.0f} s and {status['outbox']['last']} readings of {NODE}", node)
    print(f"peak {peak / 1e6:.1f} MB, {status['process']['cpu'] / status['process']['up']:.1%} of a core")
    assert peak <= MOST and last - first < 4e6
