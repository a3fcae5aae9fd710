"""A GNSS receiver at the host's end of the node's USB cable; and what the node tells about its measurements."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

from drivers.sim.gnss_nmea import Receiver
from hw_tests.vm.channel import VmError, connected

PERIOD = 1.0  # seconds between two bursts


class Feeder(Thread):
    """Sends a burst of NMEA every second, while it is ``plugged``: a receiver has its power from the cable."""

    def __init__(self, path: Path) -> None:
        super().__init__(name="gnss", daemon=True)
        self.plugged = Event()
        self._socket = connected(path)
        self._ending = Event()

    def run(self) -> None:
        receiver = Receiver(0.0, PERIOD, ttff=0.0)
        at = 0.0
        while not self._ending.is_set():
            at += PERIOD
            if self.plugged.is_set():
                self._socket.settimeout(PERIOD)
                self._socket.sendall(receiver.frame(at))
            self._listen(time.monotonic() + PERIOD)

    def end(self) -> None:
        self._ending.set()
        self.join()
        self._socket.close()

    def _listen(self, end: float) -> None:
        """Takes what comes until ``end``, such as the echo of a terminal that is not raw yet; qemu waits for that."""
        while (left := end - time.monotonic()) > 0:
            self._socket.settimeout(left)
            with suppress(TimeoutError):
                self._socket.recv(65536)


@contextmanager
def fed(path: Path) -> Iterator[Feeder]:
    """A receiver at the socket of the cable, as long as the block lasts."""
    feeder = Feeder(path)
    feeder.start()
    try:
        yield feeder
    finally:
        feeder.end()


class Told:
    """The counts that ``guest.watch`` tells; whoever waits for the next one knows when it came."""

    def __init__(self, path: Path) -> None:
        self._socket = connected(path)
        self._rest = b""
        self.count = -1

    def more(self, timeout: float) -> float:
        """Waits until the count has grown; gives the seconds. Raises ``VmError`` when it does not."""
        begin, before = time.monotonic(), self.count
        while self.count <= before:
            left = begin + timeout - time.monotonic()
            if left <= 0 or not self._heard(left):
                raise VmError(f"no data for {timeout:.0f} s, {before} measurements before")
        return time.monotonic() - begin

    def silence(self, seconds: float) -> None:
        """Passes over everything until nothing was told for so long."""
        while self._heard(seconds):
            pass

    def _heard(self, timeout: float) -> bool:
        self._socket.settimeout(timeout)
        try:
            got = self._socket.recv(4096)
        except TimeoutError:
            return False
        *lines, self._rest = (self._rest + got).split(b"\n")
        self.count = int(lines[-1]) if lines else self.count
        return True

    def close(self) -> None:
        self._socket.close()


@contextmanager
def told(path: Path) -> Iterator[Told]:
    """What is told, as long as the block lasts."""
    listener = Told(path)
    try:
        yield listener
    finally:
        listener.close()
