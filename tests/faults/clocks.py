"""False clocks for a real process: a small library in front of libc, told by a file what they say."""

import mmap
import shutil
import struct
import subprocess
import time
from pathlib import Path

import pytest

CC = shutil.which("cc")
BOUND = 0.02  # seconds: what the kernel states when it is synchronised

needs_cc = pytest.mark.skipif(CC is None, reason="there is no C compiler (cc) on this machine")


def built(folder):
    """The library, compiled from clockshim.c."""
    library, source = folder / "clockshim.so", Path(__file__).with_name("clockshim.c")
    subprocess.run([CC, "-O2", "-Wall", "-shared", "-fPIC", "-o", library, source, "-ldl", "-lm"], check=True)
    return library


def _at_once():
    """The true time and CLOCK_BOOTTIME of one moment: of many tries the one in which least came in between."""
    tries = [(time.clock_gettime(time.CLOCK_BOOTTIME), time.time(), time.clock_gettime(time.CLOCK_BOOTTIME))
             for _ in range(100)]  # fmt: skip
    before, true, after = min(tries, key=lambda one: one[2] - one[0])
    return true, (before + after) / 2


class Clocks:
    """What the node sees of the clocks; ``boot`` begins another boot."""

    def __init__(self, folder, shim):
        self._file, self._boot_file = folder / "clocks", folder / "boot_id"
        self._file.write_bytes(bytes(4096))
        with self._file.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 4096)
        self.environment = {
            "LD_PRELOAD": str(shim), "EDGE_CLOCK_FILE": str(self._file), "EDGE_BOOT_FILE": str(self._boot_file),
        }  # fmt: skip
        self.starts = {}  # boot id to the true time of its beginning
        self._ahead = 0.0  # seconds that CLOCK_BOOTTIME is

    def boot(self, name, *, at=0.0):
        """The boot ``name`` began ``at`` seconds ago."""
        true, ticks = _at_once()
        self.starts[name] = true - at
        self._boot_file.write_text(f"{name}\n")
        self._ahead = at - ticks
        self._put(2, self._ahead)

    def set(self, ahead, *, synced=False):
        """The wall clock is ``ahead`` seconds; as in the kernel, a step that nobody vouches for ends the trust.

        A node that looks in between sees the step without the trust.
        """
        for at, value in ((0, ahead), (1, BOUND)) if synced else ((1, 0.0), (0, ahead)):
            self._put(at, value)

    def sleep(self, seconds):
        """So much time passes for both clocks; they are read at once, or the next second puts it right."""
        self._map[0:24] = struct.pack("ddd", seconds, BOUND, self._ahead + seconds)

    def _put(self, at, value):
        self._map[at * 8 : at * 8 + 8] = struct.pack("d", value)

    def truth(self, stamp):
        """The true date of a stamp in seconds."""
        return self.starts[stamp.boot] + stamp.ticks / 1e9
