"""A long and lossy link in user space, where the kernel has no netem: a TUN device in each of two namespaces.

``python -m tests.faults.radio NEAR FAR DELAY LOSS TWICE RATE``: seconds each way; shares of the packets that are lost,
or come twice; bit/s, 0 for no limit. Prints ``ready`` and runs until it is killed. Chances are the same in each run.
"""

import fcntl
import os
import random
import select
import struct
import sys
import time
from collections import deque
from contextlib import suppress

from tests.faults.blockdevice import end_with_parent
from tests.faults.network import inside

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000  # linux/if_tun.h
LARGEST = 65_536


def tun(namespace: str) -> int:
    """A TUN device ``wire`` in a namespace, as a file."""
    with inside(namespace):
        fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", b"wire", IFF_TUN | IFF_NO_PI))
    return fd


class Way:
    """One direction. What is lost has taken its time on the link."""

    def __init__(
        self, source: int, target: int, seed: int, delay: float, loss: float, twice: float, rate: float
    ) -> None:
        self.source, self._target = source, target
        self._delay, self._loss, self._twice, self._rate = delay, loss, twice, rate / 8
        self._chance = random.Random(seed).random
        self._packets: deque[tuple[float, bytes]] = deque()  # when each comes out
        self._free = 0.0  # when the link is

    def take(self) -> None:
        """Takes in what has come."""
        with suppress(BlockingIOError):
            while True:
                packet = os.read(self.source, LARGEST)
                self._free = max(self._free, time.monotonic()) + (len(packet) / self._rate if self._rate else 0.0)
                copies = 0 if self._chance() < self._loss else 2 if self._chance() < self._twice else 1
                self._packets.extend([(self._free + self._delay, packet)] * copies)

    def give(self) -> None:
        """Lets out what has been under way for long enough."""
        while self._packets and self._packets[0][0] <= time.monotonic():
            with suppress(OSError):  # the device is down: lost
                os.write(self._target, self._packets.popleft()[1])

    def pause(self) -> float:
        """Seconds until the next packet comes out."""
        return max(0.0, self._packets[0][0] - time.monotonic()) if self._packets else 1.0


def main(near: str, far: str, *figures: str) -> None:
    end_with_parent()
    one, other = tun(near), tun(far)
    ways = [Way(*ends, seed, *map(float, figures)) for seed, ends in enumerate(((one, other), (other, one)))]
    print("ready", flush=True)
    while True:
        ready, _, _ = select.select([one, other], [], [], min(way.pause() for way in ways))
        for way in ways:
            if way.source in ready:
                way.take()
            way.give()


if __name__ == "__main__":
    main(*sys.argv[1:])
