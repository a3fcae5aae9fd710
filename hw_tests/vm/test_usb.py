"""The USB cable of a GNSS receiver is pulled and plugged again, while ``edge run`` reads it."""

import statistics
from collections.abc import Iterator
from itertools import cycle, islice

import pytest

from hw_tests.vm.gnss import Feeder, Told, fed, told
from hw_tests.vm.node import Node

TIMES = 20
LIMIT = 5.0  # seconds from the plug to the first measurement, in the middle: this machine may have a busy moment
PATIENCE = 30.0  # seconds after which it is no use to wait for the figure
OUT = (1.0, 2.0, 3.5, 6.0)  # seconds that the cable is out, in turn: the node tries less and less often
CONFIG = """
[node]
id = "VM-1"

[[sensor]]
name = "gnss"
driver = "gnss_nmea"
port = "{port}"
interval = "1s"
"""


@pytest.fixture
def receiver(node_in_real_time: Node) -> Iterator[Feeder]:
    with fed(node_in_real_time.path("usb")) as feeder:
        node_in_real_time.plug()
        feeder.plugged.set()
        yield feeder


@pytest.fixture
def watch(node_in_real_time: Node, receiver: Feeder) -> Iterator[Told]:
    """``edge run`` on the receiver, and its count of measurements."""
    port = node_in_real_time.run("until ls /dev/serial/by-id/* 2>/dev/null; do sleep 0.2; done", timeout=30).strip()
    node_in_real_time.put(CONFIG.format(port=port).encode(), "/run/edge.toml")
    node_in_real_time.begin("exec python3 -m edge run --config /run/edge.toml --state /run/state >/run/edge.log 2>&1")
    node_in_real_time.begin("exec python3 -m hw_tests.vm.guest.watch")
    with told(node_in_real_time.path("told")) as listener:
        yield listener


def test_replugged(node_in_real_time: Node, receiver: Feeder, watch: Told, figure: list[str]) -> None:
    watch.more(PATIENCE)
    took = []
    for out in islice(cycle(OUT), TIMES):
        node_in_real_time.pull()
        receiver.plugged.clear()
        watch.silence(out)
        node_in_real_time.plug()
        receiver.plugged.set()
        took.append(watch.more(PATIENCE))
    each = " ".join(f"{seconds:.1f}" for seconds in took)
    figure.append(f"GNSS replugged {TIMES} times: data back after {each} s, median {statistics.median(took):.1f} s")
    assert statistics.median(took) <= LIMIT, node_in_real_time.run("cat /run/edge.log")
