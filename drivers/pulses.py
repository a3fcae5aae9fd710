"""Pulses out of the edges of a contact that bounces."""

import math
from collections.abc import Iterable

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
