"""By how much the ticks of a boot were slewed: run faster or slower, because the wall clock was being put right.

CLOCK_BOOTTIME follows the corrections of the wall clock, up to 100 ms in a second with chrony, and the date of a tick
before a correction is not put right by it. Only CLOCK_MONOTONIC_RAW runs on regardless.
"""

from bisect import bisect
from collections.abc import Iterable

CRYSTAL = 100e-6  # share of the time: what slower corrections and the oscillator come to, which the drift stands for
MOST = 64  # points that are kept


class Slews:
    """The sum of all slews as a line through points, in ns over ticks; level before the first and after the last."""

    def __init__(self, points: Iterable[tuple[int, int]] = ()) -> None:
        self.points = sorted(points)  # replaced as a whole: other threads read meanwhile

    def see(self, begin: int, end: int, slewed: int, doubt: float = 0.0) -> None:
        """From ticks ``begin`` to ``end`` they ran ``slewed`` ns ahead, ``doubt`` seconds more or less."""
        if abs(slewed) <= CRYSTAL * (end - begin) + doubt * 1e9:
            return
        total = self.points[-1][1] if self.points else 0
        kept = self.points if self.points and self.points[-1][0] == begin else [*self.points, (begin, total)]
        if len(kept) > MOST:
            kept = [*kept[:-1:2], kept[-1]]
        self.points = [*kept, (end, total + slewed)]

    def between(self, one: int, other: int) -> float:
        """The seconds by which two ticks lie further apart, or closer, than they were."""
        points = self.points
        return abs(_total(points, one) - _total(points, other)) / 1e9 if points else 0.0


def _total(points: list[tuple[int, int]], ticks: int) -> float:
    after = bisect(points, ticks, key=lambda point: point[0])
    if not 0 < after < len(points):
        return points[min(after, len(points) - 1)][1]
    (left, low), (right, high) = points[after - 1], points[after]
    return low + (high - low) * (ticks - left) / (right - left)
