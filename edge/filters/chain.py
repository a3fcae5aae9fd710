"""The filters of one sensor, in the order of its configuration."""

from collections.abc import Iterable, Sequence

from edge.filters.filter import Filter
from edge.reading import Reading


class Chain:
    """Filters behind each other; one that is bound to a quantity lets the others pass."""

    def __init__(self, links: Sequence[tuple[str | None, Filter]]) -> None:
        """``links`` are pairs of a quantity (None: all) and a filter."""
        self._links = links

    def __call__(self, readings: Iterable[Reading]) -> list[Reading]:
        """What comes out at the end."""
        out = list(readings)
        for link in self._links:
            out = self._through(link, out)
        return out

    def rest(self) -> list[Reading]:
        """What the filters hold back, each through the filters behind it; for when the node stops."""
        out: list[Reading] = []
        for link in self._links:
            out = self._through(link, out) + list(link[1].rest())
        return out

    def _through(self, link: tuple[str | None, Filter], readings: Iterable[Reading]) -> list[Reading]:
        quantity, work = link
        out: list[Reading] = []
        for reading in readings:
            if quantity is None or quantity == reading.quantity:
                out.extend(work(reading))
            else:
                out.append(reading)
        return out
