"""When a GNSS receiver may be believed about the date.

A receiver in a cold start gives a "valid" wrong date for seconds, and one with old firmware is 1024 weeks back forever.
So its time makes an anchor only with a fix, unflagged, above a floor that moves with every anchor, and when several
seconds in a row agree with the ticks since boot. A date below the floor is repaired by 1024 weeks only on a node that
has known the date before, and must land close above that: a log of old played back must not become a date of today.
"""

from collections import deque

from edge.clock import Anchor, Stamp

WEEKS = 1024 * 7 * 86400 * 10**9  # ns after which the week number of GPS begins anew (IS-GPS-200, 20.3.3.3.1.1)
AGREE = 5  # fixes in a row
APART = 300_000_000  # ns that they may differ: a serial line is late now and then
SPAN = 4 * 10**9  # ns that they must cover at least
ERROR = (
    1.0  # seconds: the sentence comes up to one second after the moment it tells, and without PPS nobody knows how late
)
YEAR = 365 * 86400 * 10**9
AHEAD, AHEAD_REPAIRED = 20 * YEAR, 5 * YEAR  # how far above the floor, or the last known date, a date may be


class GnssTime:
    """Listens to the fixes of one receiver and says when they make an anchor."""

    def __init__(self) -> None:
        self._seen: deque[tuple[int, int]] = deque(maxlen=AGREE)  # (ticks, UTC less ticks) in ns

    def hear(self, at: Stamp, utc: float, floor: int, known: int | None = None) -> Anchor | None:
        """A fix that came at ``at`` and tells ``utc`` (s since 1970).

        ``floor`` (ns) is a date that is surely past, ``known`` the newest date this node was ever sure of.
        """
        date = repaired(round(utc * 1e9), floor, known)
        if date is None:
            self.forget()
            return None
        offset = date - at.ticks
        if self._seen and abs(offset - self._seen[-1][1]) > APART:
            self.forget()
        self._seen.append((at.ticks, offset))
        if len(self._seen) < AGREE or at.ticks - self._seen[0][0] < SPAN:
            return None
        best = max(offset for _, offset in self._seen)  # the one that was least late
        return Anchor(at.boot, at.ticks, best + at.ticks, "gnss", ERROR)

    def forget(self) -> None:
        """There was no fix, or a date that cannot be: the next ones must agree anew."""
        self._seen.clear()


def repaired(utc: int, floor: int, known: int | None = None) -> int | None:
    """The date, after as many times 1024 weeks as it takes to be above ``known``; None for one that cannot be."""
    if floor <= utc <= floor + AHEAD:
        return utc
    if known is None or utc > floor or utc <= 0:
        return None
    utc += -(-(known - utc) // WEEKS) * WEEKS
    return utc if utc <= known + AHEAD_REPAIRED else None
