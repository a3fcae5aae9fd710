"""Two network namespaces, ``near`` for a node and ``far`` for a broker, and a link between them that can be hurt.

All of it is made by a test and removed with it. Needs root, ip, nft and tc; a link with delay and loss needs TUN.
"""

import contextlib
import ctypes
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
CONGESTION = Path("/proc/sys/net/ipv4/tcp_congestion_control")
NEAR, FAR = "10.98.0.1", "10.98.0.2"
CLONE_NEWNET = 0x40000000
DEAD = """
table ip cut {
    chain in { type filter hook input priority 0; iifname "wire" drop; }
    chain out { type filter hook output priority 0; oifname "wire" drop; }
}
"""
HOSTILE = """
table ip cut {
    chain in { type filter hook input priority 0; iifname "wire" meta l4proto tcp reject with tcp reset; }
}
"""

libc = ctypes.CDLL(None, use_errno=True)

needs_network = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root to make networks"),
    pytest.mark.skipif(not all(map(shutil.which, ("ip", "nft", "tc"))), reason="needs ip, nft and tc"),
]
needs_tun = pytest.mark.skipif(not Path("/dev/net/tun").exists(), reason="needs /dev/net/tun")


def run(*words: object, text: str = "") -> None:
    subprocess.run([str(word) for word in words], input=text, check=True, text=True, capture_output=True)


@contextlib.contextmanager
def inside(namespace: str) -> Iterator[None]:
    """This thread, the threads and processes that it starts, and their sockets are in that network."""
    home = os.open(f"/proc/self/task/{threading.get_native_id()}/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    try:
        _enter(there)
        yield
    finally:
        _enter(home)
        os.close(home)
        os.close(there)


def _enter(fd: int) -> None:
    if libc.setns(fd, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


class Network:
    """Two namespaces of their own names, removed at the end with all links."""

    def __init__(self) -> None:
        self.near, self.far = f"edge{os.getpid()}near", f"edge{os.getpid()}far"

    def __enter__(self) -> "Network":
        with contextlib.ExitStack() as ends:
            for name in (self.near, self.far):
                Path("/run/netns", name).unlink(missing_ok=True)  # of a run that was killed, of the same number
                run("ip", "netns", "add", name)
                ends.callback(run, "ip", "netns", "del", name)
                run("ip", "-n", name, "link", "set", "lo", "up")
                with inside(name):
                    CONGESTION.write_text("reno")  # the one that suffers most from losses; each kernel has it
            self._ends = ends.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._ends.close()

    def cable(self, rate: int | None = None) -> None:
        """A link without delay; with ``rate`` in bit/s it carries no more, in either direction (tc-tbf)."""
        ends = ("wire", "netns", self.near, "type", "veth", "peer", "name", "wire", "netns", self.far)
        run("ip", "link", "add", "name", *ends)
        self._up()
        for name in (self.near, self.far) if rate else ():
            shape = ("tbf", "rate", f"{rate}bit", "burst", 1540, "latency", "20s")
            run("tc", "-n", name, "qdisc", "add", "dev", "wire", "root", *shape)

    def radio(self, delay: float, loss: float, twice: float, rate: int = 0) -> None:
        """A link whose packets take ``delay`` seconds each way; these shares of them are lost, or come twice."""
        words = [sys.executable, "-m", "tests.faults.radio", self.near, self.far, delay, loss, twice, rate]
        link = subprocess.Popen(list(map(str, words)), cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self._ends.callback(link.wait)
        self._ends.callback(link.kill)
        assert link.stdout is not None and link.stdout.readline() == "ready\n"
        self._up()

    def _up(self) -> None:
        for name, own in ((self.near, NEAR), (self.far, FAR)):
            run("ip", "-n", name, "addr", "add", f"{own}/30", "dev", "wire")
            run("ip", "-n", name, "link", "set", "wire", "up")

    def cut(self, rules: str = DEAD) -> None:
        """From now on nothing gets through; with ``HOSTILE`` connections are also ended at once."""
        run("ip", "netns", "exec", self.far, "nft", "-f", "-", text=rules)

    def unplug(self) -> None:
        """The link is down, and the node's machine knows."""
        run("ip", "-n", self.near, "link", "set", "wire", "down")

    def mend(self) -> None:
        """As before."""
        run("ip", "netns", "exec", self.far, "nft", "flush", "ruleset")
        run("ip", "-n", self.near, "link", "set", "wire", "up")
