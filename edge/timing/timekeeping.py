"""What a node knows of time: kept over restarts, and told to the centre when it changes."""

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from edge.clock import Anchor, Clock, Stamp
from edge.dates.slews import Slews
from edge.errors import StorageError
from edge.events import Events
from edge.state import State
from edge.timing import rtc
from edge.timing.clockwatch import ClockWatch

log = logging.getLogger("edge.timekeeping")

MOST = 100  # anchors that are kept, of all boots together
SEEN = 600 * 10**9  # ns between two notes on the card that the boot goes on
HOUR = 3600 * 10**9  # ns between two questions to a clock chip

Made = TypeVar("Made")


class Timekeeping:
    """Anchors and boots in the state, steps and disagreements as events."""

    def __init__(self, clock: Clock, events: Events, state: State) -> None:
        """Takes over what the state holds; what makes no sense there is passed over."""
        self._clock, self._events, self._state = clock, events, state
        kept = state.load("clock")
        clock.slews = Slews(_slewed(kept.get("slews"), clock.boot))
        clock.remember(anchors(state))
        for boot, ticks in _each(kept.get("boots"), lambda row: (str(row[0]), int(row[1]))):
            clock.boots.see(boot, ticks)
        self._bounded = set(_each(kept.get("bounded"), str))  # boots whose bounds were told
        self.rtc = ""  # a clock chip that may be believed, as under /sys/class/rtc
        self._asked = -HOUR
        self._noted = -SEEN
        self._news = False  # an anchor came that is not yet on the card
        self._watch = ClockWatch(clock.moment, clock.slews)
        clock.on_anchor, clock.on_leap = self._anchored, self._leaped
        clock.on_disagreement, clock.on_impossible = self._disputed, self._impossible

    def begin(self, recovered: Iterable[Stamp]) -> None:
        """The node starts; ``recovered`` are the stamps of the last readings on the card."""
        for stamp in recovered:
            self._clock.boots.see(*stamp)
        self._clock.boots.see(*self._clock.now())
        self._news = True
        self.turn()

    def turn(self) -> None:
        """Looks at the clocks; once a second."""
        for event, fields in self._watch.look():
            log.warning("%s: %s", event, ", ".join(f"{name} {value}" for name, value in fields.items()))
            self._events.put(event, **fields)
        self._clock.check()
        self._ask_chip()
        if self._news:
            self._news = False
            self._tell_bounds()
            self._save_now()

    def save(self) -> None:
        """Keeps anchors and boots, now and then: news are saved at once anyway. Raises ``StorageError``."""
        if self._clock.now().ticks - self._noted >= SEEN:
            self._write()

    def end(self) -> None:
        """The node stops: so long it ran."""
        self._save_now()

    def _write(self) -> None:
        now = self._clock.now()
        self._clock.boots.see(*now)
        self._noted = now.ticks
        known = [anchor.as_dict() for line in self._lines() for anchor in line]
        boots = [list(seen) for seen in self._clock.boots]
        slews = [self._clock.boot, self._clock.slews.points]
        told = {"anchors": known[-MOST:], "boots": boots, "bounded": sorted(self._bounded), "slews": slews}
        self._state.save("clock", told)

    def _ask_chip(self) -> None:
        now = self._clock.now().ticks
        if self.rtc and now - self._asked >= HOUR:
            self._asked = now
            if (anchor := rtc.anchor(self._clock, self.rtc)) is not None:
                self._clock.offer(anchor)

    def _save_now(self) -> None:
        try:
            self._write()
        except StorageError as error:
            log.error("what is known of time could not be saved: %s", error)

    def _lines(self) -> Iterator[list[Anchor]]:
        """The anchors of the boots that are remembered, the oldest first."""
        for boot, _ in self._clock.boots:
            if boot in self._clock.lines:
                yield self._clock.lines[boot].anchors

    def _tell_bounds(self) -> None:
        """Boots before this one that were never dated lie between their neighbours, once those are."""
        for boot in [boot for boot, _ in self._clock.boots if boot not in self._bounded | {self._clock.boot}]:
            earliest, latest = self._clock.bounds(boot)
            if boot not in self._clock.lines and earliest is not None and latest is not None:
                span = {"earliest": round(earliest / 1e9, 3), "latest": round(latest / 1e9, 3)}
                self._events.put("bounds", boot=boot, ticks=0, **span)
                self._bounded.add(boot)

    def _anchored(self, anchor: Anchor) -> None:
        log.info("the clock is known from %s within %.4f s", anchor.source, anchor.error)
        self._events.put("anchor", **anchor.as_dict())
        self._news = True

    def _leaped(self, anchor: Anchor) -> None:
        self._events.put("clock", kind="leap", seconds=1, announced=False, source=anchor.source)
        self._anchored(anchor)

    def _disputed(self, old: Anchor, new: Anchor) -> None:
        apart = (new.utc - old.at(new.ticks)) / 1e9
        log.warning("%s says %+.3f s against %s; the date stays, less sure by that", new.source, apart, old.source)
        self._events.put("clock", kind="dispute", kept=old.source, other=new.source, apart=round(apart, 3))

    def _impossible(self, anchor: Anchor) -> None:
        log.warning("the kernel calls a date synchronised that cannot be (%d s since 1970)", anchor.utc // 10**9)
        self._events.put("clock", kind="impossible", source=anchor.source, utc=round(anchor.utc / 1e9, 3))


def anchors(state: State) -> Iterator[Anchor]:
    """What the state knows of dates."""
    return _each(state.load("clock").get("anchors"), _anchor)


def _anchor(row: Any) -> Anchor:
    return Anchor(str(row["boot"]), int(row["ticks"]), int(row["utc"]), str(row["source"]), float(row["error"]))


def _slewed(kept: Any, boot: str) -> Iterator[tuple[int, int]]:
    """The points of this boot, where they are those that are kept."""
    known, points = kept if isinstance(kept, list) and len(kept) == 2 else ("", [])
    yield from _each(points if known == boot else [], lambda row: (int(row[0]), int(row[1])))


def _each(rows: Any, make: Callable[[Any], Made]) -> Iterator[Made]:
    """What can be made of the rows."""
    for row in rows if isinstance(rows, list) else []:
        try:
            yield make(row)
        except (TypeError, ValueError, KeyError, IndexError, OverflowError) as error:
            log.error("a row about time in the state makes no sense and is passed over: %s", error)
