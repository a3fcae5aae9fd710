"""The ticks of one boot against the calendar: several anchors, and which of them are believed.

Ticks cannot jump, so two anchors of a boot must say the same date within both error bounds and the drift between them.
One that does not is disputed: the date stays where it is, and is that much less sure, until the two agree again, or
until the newcomer has said the same for ten minutes while nobody stood by the old date. A leap second is no dispute.
"""

from bisect import bisect
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import Enum
from operator import attrgetter

from edge.dates.anchor import RTC, Anchor, Trust
from edge.dates.slews import Slews

SLACK = 10_000_000  # ns that two anchors may differ beyond their bounds: reading two clocks takes its time
VAGUE, APART = 1.0, 2_000_000_000  # a source that errs by so many s is contradicted from so many ns on
PERSIST = 600 * 10**9  # ns after which a newcomer is believed that nobody contradicts any more
SPACING = 6 * 3600 * 10**9  # ns between anchors that are kept side by side
MOST = 16  # anchors kept of a boot
SECOND, DAY = 10**9, 86400 * 10**9


class Verdict(Enum):
    """What became of an anchor."""

    NEWS = "the centre should know it"
    KEPT = "a little better than what was known"
    CONFIRMED = "nothing new"
    DISPUTED = "another date than is believed"
    LEAP = "one second less: a leap second was inserted"


class Timeline:
    """The anchors of one boot, in order of their ticks."""

    def __init__(self, anchors: Iterable[Anchor] = (), slews: Slews | None = None) -> None:
        """``slews`` are those of its boot, where they are known."""
        self._slews = slews or Slews()
        self.anchors = sorted(anchors, key=attrgetter("ticks"))
        self.disputes: dict[str, tuple[int, int]] = {}  # by source: ns ahead of what is believed, when heard last
        self._told = self.anchors[-1] if self.anchors else None
        self._confirmed = self.anchors[-1].ticks if self.anchors else 0
        self._rivals: dict[str, Anchor] = {}  # by source: since when it says something else

    def utc(self, ticks: int) -> int | None:
        """Nanoseconds since 1970, between two anchors on the straight line; None without any."""
        if not self.anchors:
            return None
        after = bisect(self.anchors, ticks, key=attrgetter("ticks"))
        if not 0 < after < len(self.anchors):
            return self.anchors[min(after, len(self.anchors) - 1)].at(ticks)
        left, right = self.anchors[after - 1], self.anchors[after]
        bend = right.utc - left.at(right.ticks)
        return left.at(ticks) + bend * (ticks - left.ticks) // (right.ticks - left.ticks)

    def best(self, ticks: int) -> Anchor | None:
        """The anchor that knows most about these ticks."""
        return min(self.anchors, key=lambda anchor: self._bound(anchor, ticks), default=None)

    def trust(self, ticks: int) -> Trust | None:
        """How far the date of these ticks can be trusted; as far as the largest dispute where there is one."""
        best = self.best(ticks)
        if best is None:
            return None
        doubts = [abs(apart) / 1e9 for apart, _ in list(self.disputes.values())]
        return Trust(best.source, max([self._bound(best, ticks), *doubts]))

    def weigh(self, new: Anchor) -> Verdict:
        """Takes an anchor as far as it may be believed, and says what that means."""
        old = self.best(new.ticks)
        self._forget_old_disputes(new.ticks)
        if old is None or (old.source == RTC and new.source != RTC):
            return self._begin(new)
        if new.source == RTC and old.source != RTC:
            return Verdict.CONFIRMED
        apart = new.utc - old.at(new.ticks)
        if abs(apart) <= _tolerance(old, new):
            return self._agree(old, new)
        if self._leaped(old, new, apart):
            return self._leap(old, new)
        return self._dispute(new, apart)

    def _bound(self, anchor: Anchor, ticks: int) -> float:
        """The error bound of an anchor at other ticks; what they were slewed by in between makes them less sure."""
        return anchor.bound(ticks) + self._slews.between(anchor.ticks, ticks)

    def _begin(self, new: Anchor) -> Verdict:
        self.anchors = [new]
        self.disputes.clear()
        self._rivals.clear()
        self._told, self._confirmed = new, new.ticks
        return Verdict.NEWS

    def _agree(self, old: Anchor, new: Anchor) -> Verdict:
        self._confirmed = max(self._confirmed, new.ticks)
        self.disputes.pop(new.source, None)
        self._rivals.pop(new.source, None)
        if new.error >= self._bound(old, new.ticks):
            return Verdict.CONFIRMED
        self._keep(new)
        if not self._is_news(new):
            return Verdict.KEPT
        self._told = new
        return Verdict.NEWS

    def _keep(self, new: Anchor) -> None:
        """Adds an anchor; those that it knows better than themselves go, and those that stand too close."""
        kept = [anchor for anchor in self.anchors if anchor.error <= self._bound(new, anchor.ticks)]
        if len(kept) > 1 and kept[-1].ticks - kept[-2].ticks < SPACING:
            del kept[-1]
        kept = sorted([*kept, new], key=attrgetter("ticks"))
        if len(kept) > MOST:
            del kept[1:-1:2]
        self.anchors = kept  # at once: other threads resolve dates meanwhile

    def _is_news(self, new: Anchor) -> bool:
        """Whether what was placed by the anchor told last would be placed otherwise now, or more surely."""
        told = self._told
        if told is None or told.source != new.source or new.error < told.error / 2:
            return True
        return abs(told.at(new.ticks) - new.utc) > max(SLACK, round(told.error * 1e9))

    def _dispute(self, new: Anchor, apart: int) -> Verdict:
        rival = self._rivals.get(new.source)
        if rival is None or abs(rival.at(new.ticks) - new.utc) > _tolerance(rival, new):
            rival = self._rivals[new.source] = new
        self.disputes[new.source] = apart, new.ticks
        if new.ticks - max(rival.ticks, self._confirmed) >= PERSIST:
            return self._begin(new)
        return Verdict.DISPUTED

    def _forget_old_disputes(self, ticks: int) -> None:
        for source in [source for source, (_, heard) in self.disputes.items() if ticks - heard > PERSIST]:
            del self.disputes[source], self._rivals[source]

    def _leaped(self, old: Anchor, new: Anchor, apart: int) -> bool:
        """Whether it is one second less since the night of a leap second (ITU-R TF.460: end of June or December)."""
        midnight = new.utc // DAY * DAY
        since = old.at(self._confirmed) - SLACK
        return (
            abs(apart + SECOND) <= min(_tolerance(old, new), SECOND // 2)
            and since <= midnight
            and datetime.fromtimestamp(midnight / 1e9, UTC).strftime("%m-%d") in ("01-01", "07-01")
        )

    def _leap(self, old: Anchor, new: Anchor) -> Verdict:
        """The second 23:59:60 is told as 0:00:00: from there on the line goes on one second lower."""
        midnight = new.utc // DAY * DAY
        ticks = old.ticks + midnight + SECOND - old.utc
        before = Anchor(old.boot, ticks - 1, old.at(ticks - 1), old.source, old.bound(ticks))
        after = Anchor(old.boot, ticks, midnight, old.source, old.bound(ticks))
        self.anchors = [*(anchor for anchor in self.anchors if anchor.ticks < ticks - 1), before, after, new]
        self._told, self._confirmed = new, new.ticks
        return Verdict.LEAP


def _tolerance(old: Anchor, new: Anchor) -> int:
    """Nanoseconds that two anchors may differ at the ticks of the newer one."""
    bounds = old.bound(new.ticks) + new.error
    return max(round(bounds * 1e9) + SLACK, APART if bounds >= VAGUE else 0)
