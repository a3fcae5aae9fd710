"""When things happened: boot ticks first, the date later. The only file that asks the wall clock.

A node has no clock battery: after a power cut it may believe to live in 1970. So a reading is stamped with
the ticks since boot (CLOCK_BOOTTIME, which no one can set), and an anchor ties a boot to the calendar as soon
as the kernel says that its clock is synchronised. A boot without an anchor has no date, and none is invented.
"""

import ctypes
import struct
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
STA_UNSYNC = 0x0040  # linux/timex.h
BUILT = 1_795_564_800 * 10**9  # 2026-11-25: no true date is before this
APART = 2_000_000_000  # ns: two sources that differ by more are a finding
DRIFT = 10_000_000  # ns that two anchors of a boot may differ before the newer one takes over


class Stamp(NamedTuple):
    """A moment of one boot: boot id and nanoseconds of CLOCK_BOOTTIME."""

    boot: str
    ticks: int


@dataclass(frozen=True, slots=True)
class Anchor:
    """Ties ``ticks`` of ``boot`` to ``utc`` (ns since 1970); ``source`` is ntp, gnss or rtc; ``error`` in seconds."""

    boot: str
    ticks: int
    utc: int
    source: str
    error: float

    def at(self, ticks: int) -> int:
        """The UTC of other ticks of the same boot, in ns since 1970."""
        return self.utc + ticks - self.ticks


class Wall(Protocol):
    """The clock on the wall, and whether it may be believed."""

    def utc(self) -> int:
        """Nanoseconds since 1970, right or wrong."""

    def error(self) -> float | None:
        """The error bound in seconds that the kernel states; None while it is not synchronised."""


class SystemWall:
    """The kernel's clock with the status that adjtimex(2) gives."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)

    def utc(self) -> int:
        """Nanoseconds since 1970, right or wrong."""
        return time.time_ns()

    def error(self) -> float | None:
        """``maxerror`` of struct timex in seconds, None with STA_UNSYNC."""
        timex = ctypes.create_string_buffer(256)
        if self._libc.adjtimex(timex) < 0:
            return None
        # struct timex of a 32-bit machine has longs of 4 bytes: modes, offset, freq, maxerror, esterror, status
        _, _, _, maxerror, _, status = struct.unpack_from("@Illlli", timex)
        return None if status & STA_UNSYNC else maxerror / 1e6


class Clock:
    """Stamps moments and resolves them to dates once an anchor is known."""

    def __init__(self, wall: Wall | None = None, *, boot: str | None = None, anchors: Iterable[Anchor] = ()) -> None:
        """``anchors`` are those of earlier boots; ``boot`` is the running one, from the kernel if not given."""
        self._wall = wall or SystemWall()
        self.boot = boot or BOOT_ID.read_text(encoding="ascii").strip()
        self.anchors: dict[str, Anchor] = {anchor.boot: anchor for anchor in anchors}
        self.on_anchor: Callable[[Anchor], None] = lambda anchor: None
        self.on_disagreement: Callable[[Anchor, Anchor], None] = lambda old, new: None
        self._disputed = False

    def now(self) -> Stamp:
        """This moment."""
        return Stamp(self.boot, time.clock_gettime_ns(time.CLOCK_BOOTTIME))

    def utc(self, stamp: Stamp) -> int | None:
        """Nanoseconds since 1970, or None while the boot of the stamp has no anchor."""
        anchor = self.anchors.get(stamp.boot)
        return None if anchor is None else anchor.at(stamp.ticks)

    @property
    def anchor(self) -> Anchor | None:
        """What ties the running boot to the calendar."""
        return self.anchors.get(self.boot)

    def check(self) -> None:
        """Asks the kernel whether its clock is synchronised; a new or better anchor is kept and announced."""
        error = self._wall.error()
        if error is None:
            return
        self.offer(Anchor(self.boot, self.now().ticks, self._wall.utc(), "ntp", error))

    @property
    def floor(self) -> int:
        """A date in ns since 1970 that is surely past: of this program, or of the newest anchor of earlier boots."""
        return max(BUILT, self.known or 0)

    @property
    def known(self) -> int | None:
        """The newest date in ns since 1970 that an earlier boot was sure of; None on a node that never knew one."""
        return max((anchor.utc for anchor in self.anchors.values() if anchor.boot != self.boot), default=None)

    def offer(self, anchor: Anchor) -> None:
        """Takes an anchor of the running boot if it is the first or a better one, and announces it.

        Another source that differs by more than two seconds is announced once; the surer one stays.
        """
        old = self.anchor
        apart = old is not None and old.source != anchor.source and abs(old.at(anchor.ticks) - anchor.utc) > APART
        if apart and old is not None and not self._disputed:
            self.on_disagreement(old, anchor)
        self._disputed = apart
        if self._better(anchor):
            self.anchors[self.boot] = anchor
            self.on_anchor(anchor)

    def _better(self, new: Anchor) -> bool:
        old = self.anchor
        if old is None:
            return True
        if new.source != old.source:
            return new.error < old.error / 2
        return new.error < old.error / 2 or abs(old.at(new.ticks) - new.utc) > max(DRIFT, old.error * 1e9)


def anchor_as_dict(anchor: Anchor) -> dict[str, Any]:
    """For the state file and for events."""
    return asdict(anchor)
