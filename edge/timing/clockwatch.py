"""Watches what happens to the clocks of the machine: steps of the wall clock, leap seconds, suspended time.

Slewing parts none of these: the kernel slews CLOCK_BOOTTIME and the wall clock alike. It shows in CLOCK_MONOTONIC_RAW.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from edge.clock import QUIET, Moment
from edge.dates.slews import Slews
from edge.timex import Timex, timex

STEP = 500_000_000  # ns that the wall clock must jump, or the machine sleep, to be worth an event
ONE = 1_000_000_000  # ns of a leap second


class Happening(NamedTuple):
    """An event: its name and its fields."""

    event: str
    fields: dict[str, Any]


class ClockWatch:
    """Compares the clocks at each look with the look before."""

    def __init__(self, moment: Callable[[], Moment], slews: Slews, ask: Callable[[], Timex | None] = timex) -> None:
        """``moment`` reads the clocks together, ``slews`` is told of them, ``ask`` the kernel about leap seconds."""
        self._slews = slews
        self._moment, self._ask = moment, ask
        self._before = moment()
        self._leap = self._tai = 0  # seconds: of tonight, and of TAI ahead of UTC as far as the kernel knows
        self._steps = self._jumped = 0  # not yet told, and their sum in ns
        self._told = -QUIET

    def look(self) -> Iterator[Happening]:
        """What happened since the last look. Steps that follow each other within a minute are told together."""
        now, before = self._moment(), self._before
        if now.apart * 1e9 > STEP:
            return  # the machine is too busy to read its clocks at once
        self._before = now
        slewed = (now.monotonic - before.monotonic) - (now.raw - before.raw)
        self._slews.see(before.ticks, now.ticks, slewed, now.apart + before.apart)
        asleep = (now.ticks - before.ticks) - (now.monotonic - before.monotonic)
        if asleep > STEP:
            yield Happening("suspended", {"seconds": round(asleep / 1e9, 1)})
        yield from self._announced()
        yield from self._stepped((now.utc - before.utc) - (now.ticks - before.ticks), now.ticks)

    def _announced(self) -> Iterator[Happening]:
        told = self._ask()
        leap, tai = (0, 0) if told is None else (told.leap, told.tai)
        if leap and leap != self._leap:
            yield Happening("clock", {"kind": "leap", "seconds": leap, "announced": True})
        if self._tai and abs(tai - self._tai) == 1:
            leap = tai - self._tai  # it was, although nobody announced it
        self._leap, self._tai = leap or self._leap, tai

    def _stepped(self, step: int, ticks: int) -> Iterator[Happening]:
        if self._leap and abs(step + self._leap * ONE) < ONE // 10:
            yield Happening("clock", {"kind": "leap", "seconds": self._leap, "announced": False})
            self._leap = 0
        elif abs(step) > STEP:
            self._steps, self._jumped = self._steps + 1, self._jumped + step
        if self._steps and ticks - self._told >= QUIET:
            yield Happening("clock", {"kind": "step", "seconds": round(self._jumped / 1e9, 3), "steps": self._steps})
            self._told, self._steps, self._jumped = ticks, 0, 0
