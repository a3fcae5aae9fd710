"""When things happened: boot ticks first, the date later. The only file that asks the wall clock.

A node has no clock battery: after a power cut it may believe to live in 1970. So a reading is stamped with
the ticks since boot (CLOCK_BOOTTIME, which no one can set), and an anchor ties a boot to the calendar as soon
as the kernel says that its clock is synchronised. A boot without an anchor has no date, and none is invented.
"""

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import RLock
from typing import NamedTuple, Protocol

from edge.dates.anchor import RTC, Anchor, Bounds, Stamp, Trust
from edge.dates.boots import Boots
from edge.dates.slews import Slews
from edge.dates.timeline import Timeline, Verdict
from edge.timex import timex

__all__ = ["AHEAD", "BUILT", "Anchor", "Bounds", "Clock", "Moment", "Stamp", "SystemWall", "Trust", "Wall"]

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
TIMESYNCD = "/run/systemd/timesync/synchronized"  # there once systemd-timesyncd has set the clock in this boot
UNTOLD = 0.1  # seconds added then: timesyncd tells the kernel a bound of 0, whatever the way to its server is like
BUILT = 1_795_564_800 * 10**9  # 2026-11-25: no true date is before this
AHEAD = 20 * 365 * 86400 * 10**9  # ns after that beyond which no true date is
TRIES, CLOSE = 5, 1e-4  # readings of several clocks at once, until they are so many s apart at most
QUIET = 60 * 10**9  # ns between two reports of the same trouble


class Wall(Protocol):
    """The clock on the wall, and whether it may be believed."""

    def utc(self) -> int:
        """Nanoseconds since 1970, right or wrong."""

    def error(self) -> float | None:
        """The error bound in seconds that the kernel states; None while it is not synchronised."""


class SystemWall:
    """The kernel's clock with the status that adjtimex(2) gives."""

    def utc(self) -> int:
        """Nanoseconds since 1970, right or wrong."""
        return time.time_ns()

    def error(self) -> float | None:
        """The kernel's bound in seconds; None while it is not synchronised, and during a leap second."""
        told = timex()
        if told is None or told.error is None or told.leaping:
            return None
        return told.error + (UNTOLD if os.path.exists(TIMESYNCD) else 0.0)  # noqa: PTH110 - once a second


class Moment(NamedTuple):
    """Ticks, the wall clock (ns since 1970), CLOCK_MONOTONIC and CLOCK_MONOTONIC_RAW (ns) read within ``apart`` s."""

    ticks: int
    utc: int
    monotonic: int
    raw: int
    apart: float


class Clock:
    """Stamps moments and resolves them to dates once an anchor is known. Safe from any thread."""

    def __init__(self, wall: Wall | None = None, *, boot: str | None = None, anchors: Iterable[Anchor] = ()) -> None:
        """``anchors`` are those known from before; ``boot`` is the running one, from the kernel if not given."""
        self._wall = wall or SystemWall()
        self.boot = boot or BOOT_ID.read_text(encoding="ascii").strip()
        self.lines: dict[str, Timeline] = {}
        self.boots = Boots()
        self.slews = Slews()  # of this boot, as far as they were seen
        self.on_anchor: Callable[[Anchor], None] = lambda anchor: None
        self.on_leap: Callable[[Anchor], None] = lambda anchor: None
        self.on_disagreement: Callable[[Anchor, Anchor], None] = lambda old, new: None
        self.on_impossible: Callable[[Anchor], None] = lambda anchor: None
        self._possible = True  # the date that the kernel called synchronised last
        self._told: dict[str, int] = {}  # by source: when its trouble was reported last
        self._lock = RLock()
        self.remember(anchors)

    def remember(self, anchors: Iterable[Anchor]) -> None:
        """Takes over anchors that were kept on the card."""
        found: dict[str, list[Anchor]] = {}
        for anchor in anchors:
            found.setdefault(anchor.boot, []).append(anchor)
        self.lines |= {boot: self._line(boot, those) for boot, those in found.items()}

    def _line(self, boot: str, anchors: Iterable[Anchor] = ()) -> Timeline:
        return Timeline(anchors, self.slews if boot == self.boot else None)

    def now(self) -> Stamp:
        """This moment."""
        return Stamp(self.boot, time.clock_gettime_ns(time.CLOCK_BOOTTIME))

    def moment(self) -> Moment:
        """This moment by all clocks; read again where something came in between."""
        best = self._moment()
        for _ in range(TRIES):
            if best.apart <= CLOSE:
                break
            best = min(best, self._moment(), key=lambda moment: moment.apart)
        return best

    def _moment(self) -> Moment:
        before, utc, monotonic = self.now().ticks, self._wall.utc(), time.monotonic_ns()
        raw, after = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW), self.now().ticks
        return Moment((before + after) // 2, utc, monotonic, raw, (after - before) / 1e9)

    def utc(self, stamp: Stamp) -> int | None:
        """Nanoseconds since 1970, or None while the boot of the stamp has no anchor."""
        line = self.lines.get(stamp.boot)
        return None if line is None else line.utc(stamp.ticks)

    def trust(self, stamp: Stamp) -> Trust | None:
        """Where the date of the stamp comes from and how sure it is; None while it has none."""
        line = self.lines.get(stamp.boot)
        return None if line is None else line.trust(stamp.ticks)

    def bounds(self, boot: str) -> Bounds:
        """Between which dates a boot began that has no anchor, by the boots before and after it."""
        return self.boots.bounds(boot, self.lines, BUILT)

    @property
    def anchor(self) -> Anchor | None:
        """What ties the running boot to the calendar now."""
        line = self.lines.get(self.boot)
        return None if line is None else line.best(self.now().ticks)

    @property
    def synchronised(self) -> bool:
        """Whether the kernel's own clock may be believed now; others on this machine, like OpenSSL, look at that."""
        return self._wall.error() is not None

    @property
    def floor(self) -> int:
        """A date in ns since 1970 that is surely past: of this program, or of the newest anchor of earlier boots."""
        return max(BUILT, self.known or 0)

    @property
    def known(self) -> int | None:
        """The newest date in ns since 1970 that an earlier boot was sure of; None on a node that never knew one."""
        earlier = [line.anchors for boot, line in self.lines.items() if boot != self.boot]
        return max((anchor.utc for line in earlier for anchor in line if anchor.source != RTC), default=None)

    def check(self) -> None:
        """Asks the kernel whether its clock is synchronised; a new or better anchor is kept and announced."""
        error = self._wall.error()
        if error is None:
            return
        now = self.moment()
        anchor = Anchor(self.boot, now.ticks, now.utc, "ntp", error + now.apart)
        possible, was = BUILT <= now.utc <= BUILT + AHEAD, self._possible
        self._possible = possible
        if possible:
            self.offer(anchor)
        elif was and self._worth_telling("impossible", now.ticks):
            self.on_impossible(anchor)

    def offer(self, anchor: Anchor) -> None:
        """Weighs an anchor of the running boot; announces one that is news, and tells of one that is disputed, once."""
        with self._lock:
            line = self.lines.get(self.boot) or self._line(self.boot)
            old, known = line.best(anchor.ticks), anchor.source in line.disputes
            verdict = line.weigh(anchor)
            self.lines[self.boot] = line
        if verdict is Verdict.NEWS:
            self.on_anchor(anchor)
        elif verdict is Verdict.LEAP:
            self.on_leap(anchor)
        elif verdict is Verdict.DISPUTED and old and not known and self._worth_telling(anchor.source, anchor.ticks):
            self.on_disagreement(old, anchor)

    def _worth_telling(self, trouble: str, ticks: int) -> bool:
        worth = ticks - self._told.get(trouble, -QUIET) >= QUIET
        if worth:
            self._told[trouble] = ticks
        return worth
