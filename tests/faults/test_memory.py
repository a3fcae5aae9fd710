"""The node stays small: after the start, with millions of readings waiting, while they drain, and in the long run.

Sensors without gpiozero, whose simulated pins are no part of a daemon. EDGE_MILLIONS of readings that wait (5; a fifth
of one where EDGE_ROUNDS makes the tests short), EDGE_SOAK seconds of the long run (20).
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections import Counter
from pathlib import Path

import pytest

from edge.clock import Clock, Stamp
from edge.outbox.outbox import Outbox
from edge.outbox.reader import CHUNK
from edge.reading import Reading
from tests.broker import NODE, QUIET, RUN, Lab, config, needs_mosquitto, until
from tests.faults.figures import SHORT, figure
from tests.waiting import PATIENCE

pytestmark = [pytest.mark.faults, pytest.mark.broker, needs_mosquitto]

WAITING = int(1_000_000 * float(os.environ.get("EDGE_MILLIONS", "0.2" if SHORT else "5")))
DRAINED = min(WAITING, 1_000_000)  # of them while somebody looks
ALARMS = 10  # among a thousand
AGAIN = 5 * CHUNK  # bytes of a segment that are read twice: where records end, zeros are looked at
FLAT = 2.0  # MB of resident memory that those who wait may cost
STEP = 5_000_000  # ns between two of them
MOST = 32.0  # MB of resident memory
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
# runs the node and tells on SIGUSR1 what it has imported; python -S leaves out what an editable install adds
LISTS = """
import json, signal, site, sys
from edge.cli import main
signal.signal(signal.SIGUSR1, lambda *_: print(json.dumps(sorted(sys.modules)), flush=True))
sys.exit(main())
"""


@pytest.fixture
def lab(tmp_path):
    with Lab(tmp_path) as lab:
        yield lab


@pytest.fixture(scope="module")
def waiting(tmp_path_factory):
    """A state folder in which millions of readings wait, and alarms among them."""
    folder = tmp_path_factory.mktemp("waiting")
    outbox, boot = Outbox(folder / "outbox", limit=10**9), Clock().boot
    now = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    for start in range(0, WAITING, 1000):
        at = [Stamp(boot, now - (WAITING - number) * STEP) for number in range(start, start + 1000)]
        readings = [Reading("old", "temperature", float(stamp.ticks % 40), "Cel", stamp) for stamp in at]
        outbox.put(readings[ALARMS:])
        outbox.put(readings[:ALARMS], alarm=True)
    outbox.close()
    yield folder
    shutil.rmtree(folder)


class Notices:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self):
        self.address = f"@edge-test-{os.getpid()}"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + self.address[1:])
        self._socket.settimeout(PATIENCE)

    def ready(self):
        """Waits for READY=1."""
        while b"READY=1" not in self._socket.recv(4096).split(b"\n"):
            pass

    def close(self):
        self._socket.close()


def rss(node):
    """Resident memory in MB."""
    return node.ready()["process"]["rss"] / 1e6


def delivered(node):
    return node.ready()["uplinks"][0]["delivered"]


def all_good(node):
    status = node.status()
    return status is not None and all(sensor["good"] for sensor in status["sensors"])


def shown(what, node):
    """The resident memory now, which is also held against the limit."""
    got = rss(node)
    figure(f"memory {what}", got, "MB", most=MOST)
    return got


def test_only_what_is_needed_is_imported(lab):
    node = lab.node(config(1, *SENSORS), start=False)
    words = ["run", "--config", str(node.config), "--state", str(node.state)]
    paths = os.pathsep.join([str(Path(__file__).parents[2]), sysconfig.get_path("purelib")])
    command = [sys.executable, "-S", "-c", LISTS, *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=QUIET | {"PYTHONPATH": paths}) as node.process:
        assert until(lambda: all_good(node))
        node.signal(signal.SIGUSR1)
        modules = json.loads(node.process.stdout.readline())
        assert node.terminate() == 0
    foreign = [name for name in modules if name.partition(".")[0] not in ("edge", "drivers", "__main__")]
    print(f"\n{len(modules)} modules, {len(foreign)} of them not ours")
    assert "paho.mqtt.client" in foreign and "drivers.sim.pms5003" in modules
    assert not [name for name in foreign if name in NEVER or name.partition(".")[0] in NEVER]
    assert len(foreign) <= MODULES


def test_memory_is_flat_with_millions_waiting(lab, waiting):
    broker = lab.broker(start=False)  # nobody there yet
    node = lab.node(config(broker.port, *SENSORS).replace('"64MB"', '"1GB"'), start=False)
    node.start()
    node.ready()
    assert until(lambda: all_good(node)), node.log
    empty = shown("after the start", node)
    assert node.terminate() == 0

    shutil.rmtree(node.state)
    shutil.copytree(waiting, node.state)
    notices = Notices()
    begin = time.monotonic()
    node.start(NOTIFY_SOCKET=notices.address)
    notices.ready()
    took = time.monotonic() - begin
    notices.close()
    figure(f"until READY=1 with {WAITING} waiting", took, most=READY)
    assert until(lambda: all_good(node)), node.log
    assert node.ready()["uplinks"][0]["waiting"] >= WAITING
    figure("what those who wait cost", shown("with all that waiting", node) - empty, "MB", least=-FLAT, most=FLAT)

    broker.start()
    assert until(lambda: delivered(node))  # the wait between tries may be a minute
    before, begin, sizes = delivered(node), time.monotonic(), []

    def drained():
        until(lambda: False, 0.2)
        sizes.append(rss(node))
        return delivered(node) >= DRAINED

    assert until(drained, PATIENCE + DRAINED / 500), node.log
    gone, lasted = delivered(node) - before, time.monotonic() - begin
    print(f"drained {gone} in {lasted:.1f} s: {gone / lasted:.0f} readings/s")
    figure("memory meanwhile, most", max(sizes), "MB", most=MOST)
    shown("after that", node)


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace (apt install strace)")
def test_a_start_reads_the_last_segments_and_the_state(lab, waiting, tmp_path):
    node, seen, notices = lab.node(config(1, *SENSORS), start=False), tmp_path / "seen", Notices()
    shutil.copytree(waiting, node.state)
    calls = ["-e", "trace=read,readv,pread64,preadv,sendto,sendmsg", "-e", "signal=none", "-s", "16"]
    words = ["-c", RUN, "run", "--config", node.config, "--state", node.state]
    environment = QUIET | {"NOTIFY_SOCKET": notices.address}
    process = subprocess.Popen(["strace", "-fqqy", "-o", seen, *calls, sys.executable, *words], env=environment)
    try:
        notices.ready()
        os.kill(node.ready()["process"]["pid"], signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        notices.close()
    before = seen.read_text(errors="replace").partition("READY=1")[0]
    taken = re.findall(rf"<{node.state}/([^>]*)>.* = (\d+)$", before, re.MULTILINE)
    read = Counter()
    for name, count in taken:
        read[name] += int(count)
    print("\n" + "\n".join(f"{count:9d} of {name}" for name, count in read.items()))
    lasts = {max(path.name for path in (waiting / folder).glob("*.seg")) for folder in ("outbox", "outbox/alarms")}
    assert {Path(name).name for name in read} <= lasts | {"state.json", "lock"}
    assert sum(read.values()) <= sum((node.state / name).stat().st_size for name in read) + 2 * AGAIN


def test_memory_stays_in_the_long_run(lab):
    broker = lab.broker()
    node = lab.node(config(broker.port, *SENSORS))
    node.ready()
    assert until(lambda: all_good(node)), node.log
    first, begin = shown("at the start", node), time.monotonic()
    end = begin + SOAK
    peak = first
    while time.monotonic() < end:
        until(lambda: time.monotonic() >= end, min(10.0, end - time.monotonic()))
        peak = max(peak, rss(node))
    status = node.ready()
    last = shown(f"after {SOAK:.0f} s and {status['outbox']['last']} readings of {NODE}", node)
    print(f"{status['process']['cpu'] / status['process']['up']:.1%} of a core")
    figure("memory meanwhile, most", peak, "MB", most=MOST)
    figure("growth", last - first, "MB", most=4)
