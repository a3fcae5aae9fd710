"""The last minute of each sensor, for the sparkline."""

import time
from collections import deque

SPAN = 60.0  # seconds
BARS = "▁▂▃▄▅▆▇█"


class History:
    """Values with their moments, no older than ``SPAN``."""

    def __init__(self) -> None:
        self._points: deque[tuple[float, float]] = deque()

    def add(self, value: float, at: float | None = None) -> None:
        """A value of this moment."""
        now = time.monotonic() if at is None else at
        self._points.append((now, value))
        while self._points[0][0] < now - SPAN:
            self._points.popleft()

    def line(self, cells: int, at: float | None = None) -> str:
        """A bar for each ``SPAN / cells`` seconds, the newest at the right; a blank where nothing came."""
        now = time.monotonic() if at is None else at
        sums: dict[int, list[float]] = {}
        for moment, value in self._points:
            if now - moment < SPAN:
                sums.setdefault(int((now - moment) * cells / SPAN), []).append(value)
        means = {cell: sum(values) / len(values) for cell, values in sums.items()}
        low, high = min(means.values(), default=0.0), max(means.values(), default=0.0)
        return "".join(_bar(means.get(cell), low, high) for cell in reversed(range(cells)))


def _bar(value: float | None, low: float, high: float) -> str:
    if value is None:
        return " "
    if high <= low:
        return BARS[3]
    return BARS[round((value - low) / (high - low) * (len(BARS) - 1))]
