"""Where intervals begin and end: on full minutes and hours, of UTC once the date is known, of the boot until then.

Ticks rule: each interval begins where the one before it ended, whatever the date does meanwhile.
"""

from collections.abc import Callable
from typing import NamedTuple

from edge.clock import Stamp

MS = 10**6  # ns: a stamp is in whole milliseconds
SLIP = 10**9  # ns at most, and a hundredth of the interval, that one may be longer, as the date is put right or leaps


class Bounds(NamedTuple):
    """Ticks from ``start`` until before ``end``; ``dated``: by the calendar."""

    start: int
    end: int
    dated: bool


class Grid:
    """Multiples of ``length`` (s) since 1970, ``begin`` (s) later, by ``date``; since the boot where that gives none.

    ``date`` gives the UTC of a stamp in ns.
    """

    def __init__(
        self, length: float, date: Callable[[Stamp], int | None] = lambda stamp: None, begin: float = 0.0
    ) -> None:
        self._length, self._date, self._begin = int(length * 1e9), date, int(begin * 1e9)
        self._slip = min(SLIP, self._length // 100)
        self.longest = self._length + self._slip  # ns

    def around(self, at: Stamp, before: int | None = None) -> Bounds:
        """Those of the interval that holds a moment; ``before`` is the end of an earlier one of the same boot.

        The first one begins with this moment. Where the grid has moved, the one after that is shorter. What would last
        less than the slip belongs to the next.
        """
        utc = self._date(at)
        past = at.ticks % self._length if utc is None else (utc - self._begin) % self._length // MS * MS
        start, end = at.ticks - past, at.ticks - past + self._length
        if before is None:
            start = at.ticks
        elif start - self._slip <= before:
            start = before
        return Bounds(start, end + self._length if end - start <= self._slip else end, utc is not None)
