"""Pulses out of the edges of a contact that bounces."""

import math
from collections.abc import Iterable, Sequence

from drivers.bus import Pulses
from drivers.quality import NONE, Reason


class Debounce:
    """Counts an active edge that comes at least ``least`` seconds after the last accepted opposite one.

    Inactive edges are accepted by the same rule. Where a pulse was shorter than that, its end counts once the
    line has rested for ``least`` seconds, so that the next pulse is not lost.
    """

    def __init__(self, least: float = 0.0, *, active: bool = False) -> None:
        """``active`` is the level at the beginning; it is no edge."""
        self.count = 0
        self._least = least
        self._line = self._accepted = self._rested = active
        self._changed = self._since = -math.inf

    def edge(self, at: float, active: bool) -> None:
        """The line changed at ``at`` (seconds); a level repeated is no edge."""
        if active == self._line:
            return
        before, self._changed, self._line = self._changed, at, active
        if at - before >= self._least:
            self._rested = not active
        if active and self._accepted and at - before >= self._least:
            self._accepted, self._since = False, before
        if active != self._accepted and at - self._since >= self._least:
            self._accepted, self._since = active, at
            self.count += active

    def level(self, at: float) -> bool:
        """The level at ``at``; a change shows once it has lasted ``least`` seconds."""
        return self._line if at - self._changed >= self._least else self._rested


def doubts(line: Pulses, names: Iterable[str], reason: Reason = NONE) -> dict[str, Reason]:
    """Flags for values out of the last ``take``: ``reason`` for the first, and doubt for all when pulses were lost."""
    lost = Reason.INCONSISTENT if line.lost else NONE
    flags = {name: lost | (NONE if at else reason) for at, name in enumerate(names)}
    return {name: flag for name, flag in flags.items() if flag}


def paired(table: Sequence[float | str]) -> list[tuple[float, float]]:
    """Points out of x, y, x, y ...; ``ValueError`` where x does not ascend from zero or more, or y is below zero."""
    numbers = [float(number) for number in table]
    if len(numbers) % 2 or not all(map(math.isfinite, numbers)):
        raise ValueError(f"a table takes pairs of numbers, not {table}")
    points = list(zip(numbers[::2], numbers[1::2], strict=True))
    at = [x for x, _ in points]
    if points and (at[0] < 0 or at[-1] == 0 or at != sorted(set(at))):
        raise ValueError(f"the first numbers of the pairs of a table must ascend from zero, not {at}")
    if any(y < 0 for _, y in points):
        raise ValueError("the second numbers of the pairs of a table cannot be below zero")
    return points


def interpolated(points: Iterable[tuple[float, float]], x: float) -> float:
    """``points`` as ``paired`` gives them, joined by straight lines from 0, 0; beyond the last in proportion to it."""
    if x <= 0:
        return 0.0
    left = (0.0, 0.0)
    for right in points:
        if x <= right[0]:
            return left[1] + (x - left[0]) * (right[1] - left[1]) / (right[0] - left[0])
        left = right
    return x * left[1] / left[0]
