"""The boots of a node in their order: between which dates one lies that never knew the time."""

from collections.abc import Iterable, Iterator, Mapping

from edge.dates.anchor import Bounds
from edge.dates.timeline import Timeline

MOST = 50  # boots that are remembered


class Boots:
    """Boot ids in order, each with the last ticks (ns) at which the node is known to have run."""

    def __init__(self, seen: Iterable[tuple[str, int]] = ()) -> None:
        self._last = dict(seen)

    def see(self, boot: str, ticks: int) -> None:
        """The node ran then; a boot not seen before is the newest."""
        self._last[boot] = max(ticks, self._last.get(boot, 0))
        while len(self._last) > MOST:
            del self._last[next(iter(self._last))]

    def __iter__(self) -> Iterator[tuple[str, int]]:
        return iter(list(self._last.items()))

    def bounds(self, boot: str, lines: Mapping[str, Timeline], floor: int) -> Bounds:
        """When the boot began: after all that came before it, ``floor`` (ns) at least, and before all that came later.

        A boot without a date lasted at least until its last ticks. Neighbours that contradict each other give nothing.
        """
        order = list(self._last.items())
        at = next((number for number, (name, _) in enumerate(order) if name == boot), None)
        if at is None:
            return Bounds(floor)
        earliest = _earliest(order[:at], lines, floor)
        latest = _latest(order[at + 1 :], lines)
        if latest is None:
            return Bounds(earliest)
        latest -= order[at][1]
        return Bounds(earliest, latest) if earliest <= latest else Bounds()


def _earliest(before: list[tuple[str, int]], lines: Mapping[str, Timeline], floor: int) -> int:
    earliest = floor
    for name, last in before:
        end = _dated(lines.get(name), last, -1)
        earliest = max(earliest, end) if end is not None else earliest + last
    return earliest


def _latest(after: list[tuple[str, int]], lines: Mapping[str, Timeline]) -> int | None:
    latest: int | None = None
    for name, last in reversed(after):
        begin = _dated(lines.get(name), 0, +1)
        if begin is not None:
            latest = begin if latest is None else min(latest, begin)
        elif latest is not None:
            latest -= last
    return latest


def _dated(line: Timeline | None, ticks: int, side: int) -> int | None:
    """The date of these ticks at the far side of its error bound."""
    utc, trust = (line.utc(ticks), line.trust(ticks)) if line is not None else (None, None)
    return None if utc is None or trust is None else utc + side * round(trust.error * 1e9)
