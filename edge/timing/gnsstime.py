"""When a GNSS receiver may be believed about the date.

A receiver in a cold start gives a "valid" wrong date for seconds, and one with old firmware is 1024 weeks back forever.
So its time makes an anchor only with a fix, unflagged, above a floor that moves with every anchor, and when several
seconds in a row agree with the ticks since boot. A date below the floor is repaired by 1024 weeks only on a node that
has known the date before, and must land close above that: a log of old played back must not become a date of today.
"""

from collections import deque

from drivers import Measurement
from edge.clock import Anchor, Clock, Stamp
from edge.timing.chrony import ChronySock
from edge.timing.pulse import Pulse, PulseLine

WEEKS = 1024 * 7 * 86400 * 10**9  # ns after which the week number of GPS begins anew (IS-GPS-200, 20.3.3.3.1.1)
AGREE = 5  # fixes in a row
SPAN = 4 * 10**9  # ns that they must cover at least
APART, PULSES_APART = (
    300_000_000,
    1_000_000,
)  # ns that fixes may differ (a serial line is late now and then), and pulses
ERROR = 1.0  # s: a sentence comes up to a second after the moment it tells, and without PPS nobody knows how late
PULSE_ERROR = 1e-4  # s: a busy small board stamps a pulse some ten microseconds late
AFTER = (10_000_000, 900_000_000)  # ns in which the sentence that names a pulse follows it
SECOND, WHOLE = 10**9, 1_000_000  # ns, and by how many a whole second may be missed
CLOSE = 900_000_000  # ns: fixes closer than this tell no more than one of them does
YEAR = 365 * 86400 * 10**9
AHEAD, AHEAD_REPAIRED = 20 * YEAR, YEAR // 2  # how far above the floor, or the last known date, a date may be


class Agreement:
    """Offsets of a date to the ticks that agree, one after the other."""

    def __init__(self, apart: int) -> None:
        self._apart = apart
        self._seen: deque[tuple[int, int]] = deque(maxlen=AGREE)  # (ticks, UTC less ticks) in ns

    def add(self, ticks: int, offset: int) -> list[int]:
        """All that agree, this one too, once they are enough and cover enough seconds; else none."""
        if self._seen and abs(offset - self._seen[-1][1]) > self._apart:
            self.forget()
        if not self._seen or ticks - self._seen[-1][0] > CLOSE:  # of several in a second one counts
            self._seen.append((ticks, offset))
        enough = len(self._seen) == AGREE and ticks - self._seen[0][0] >= SPAN - self._apart
        return [offset for _, offset in self._seen] if enough else []

    def forget(self) -> None:
        """The next ones must agree anew."""
        self._seen.clear()


class GnssTime:
    """Listens to the fixes of one receiver and says when they make an anchor."""

    def __init__(self) -> None:
        self._fixes, self._pulses = Agreement(APART), Agreement(PULSES_APART)

    def hear(
        self, at: Stamp, utc: float, floor: int, known: int | None = None, pulse: Pulse | None = None
    ) -> Anchor | None:
        """A fix that came at ``at`` and tells ``utc`` (s since 1970), after ``pulse`` where there is PPS.

        ``floor`` (ns) is a date that is surely past, ``known`` the newest date this node was ever sure of.
        """
        date = repaired(round(utc * 1e9), floor, known)
        if date is None:
            self.forget()
            return None
        exact = self._exact(at, date, pulse)
        offsets = self._fixes.add(at.ticks, date - at.ticks)
        if not offsets:
            return None
        return exact or Anchor(at.boot, at.ticks, max(offsets) + at.ticks, "gnss", ERROR)  # the least late one

    def forget(self) -> None:
        """There was no fix, or a date that cannot be: the next ones must agree anew."""
        self._fixes.forget()
        self._pulses.forget()

    def _exact(self, at: Stamp, date: int, pulse: Pulse | None) -> Anchor | None:
        """The fix of a whole second names the pulse before it."""
        whole = (date + SECOND // 2) // SECOND * SECOND
        if abs(date - whole) > WHOLE:
            return None
        if pulse is None or not AFTER[0] <= at.ticks - pulse.ticks <= AFTER[1]:
            self._pulses.forget()
            return None
        offsets = self._pulses.add(pulse.ticks, whole - pulse.ticks)
        if not offsets:
            return None
        return Anchor(
            at.boot,
            pulse.ticks,
            pulse.ticks + sorted(offsets)[(len(offsets) - 1) // 2],
            "gnss",
            PULSE_ERROR + pulse.error,
        )


class Receiver:
    """A receiver whose time a clock may use, with the pulses and the chrony that belong to it."""

    def __init__(self, clock: Clock, pulses: PulseLine | None = None, chrony: ChronySock | None = None) -> None:
        self._clock, self._pulses, self._chrony = clock, pulses, chrony
        self._time = GnssTime()

    def hear(self, got: Measurement, at: Stamp) -> None:
        """A measurement that came just now. What is reckoned, simulated or typed in is flagged, and not believed."""
        utc = got.values.get("utc")
        if utc is None or got.values.get("fix", 0) < 2 or got.flags.get("utc"):
            self._time.forget()
            return
        pulse = None if self._pulses is None else self._pulses.last()
        anchor = self._time.hear(at, utc, self._clock.floor, self._clock.known, pulse)
        if anchor is not None:
            self._clock.offer(anchor)
            self._feed(anchor)

    def _feed(self, anchor: Anchor) -> None:
        if self._chrony is not None:
            now = self._clock.moment()
            self._chrony.feed(now, anchor.at(now.ticks))


def repaired(utc: int, floor: int, known: int | None = None) -> int | None:
    """The date, after as many times 1024 weeks as it takes to be above ``known``; None for one that cannot be."""
    if floor <= utc <= floor + AHEAD:
        return utc
    if known is None or utc > floor or utc <= 0:
        return None
    utc += -(-(known - utc) // WEEKS) * WEEKS
    return utc if utc <= known + AHEAD_REPAIRED else None
