"""The filters of one sensor, in the order of its configuration."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from edge.filters.filter import Filter
from edge.filters.flagger import Flagger, judged
from edge.filters.path import Path
from edge.reading import Reading

Link = tuple[str | None, Filter]  # a filter, and the quantity that it is bound to, None: all


class Chain:
    """Filters behind each other; one that is bound to a quantity lets the others pass."""

    def __init__(self, links: Sequence[Link]) -> None:
        """Of these, in their order."""
        self.links = links
        self._stages = list(_stages(links))

    def __call__(self, readings: Iterable[Reading]) -> list[Reading]:
        """What comes out at the end."""
        out = list(readings)
        for stage in self._stages:
            out = stage(out)
        return out

    def traced(self, readings: Iterable[Reading], path: Path) -> list[Reading]:
        """The same, and each step is noted."""
        out = list(readings)
        for stage in self._stages:
            out = stage.traced(out, path)
        return out

    def rest(self) -> list[Reading]:
        """What the filters hold back, each through the filters behind it; for when the node stops."""
        out: list[Reading] = []
        for stage in self._stages:
            out = stage(out) + stage.rest()
        return out


class _Single:
    """One filter."""

    def __init__(self, quantity: str | None, work: Filter) -> None:
        self._quantity, self._work = quantity, work

    def __call__(self, readings: Iterable[Reading]) -> list[Reading]:
        out: list[Reading] = []
        for reading in readings:
            if self._quantity is None or self._quantity == reading.quantity:
                out.extend(self._work(reading))
            else:
                out.append(reading)
        return out

    def traced(self, readings: Iterable[Reading], path: Path) -> list[Reading]:
        out = self(readings)
        path.through(self._work, self._quantity, out)
        return out

    def rest(self) -> list[Reading]:
        return list(self._work.rest())


class _Panel:
    """Flaggers next to each other: each judges the reading as it came in, so their order changes nothing."""

    def __init__(self, links: Sequence[tuple[str | None, Flagger]]) -> None:
        self._links = links
        self._all = [flagger for quantity, flagger in links if quantity is None]
        named = {quantity for quantity, _ in links if quantity is not None}
        self._of = {name: [flagger for quantity, flagger in links if quantity in (None, name)] for name in named}

    def __call__(self, readings: Iterable[Reading]) -> list[Reading]:
        return [judged(reading, self._of.get(reading.quantity, self._all)) for reading in readings]

    def traced(self, readings: Sequence[Reading], path: Path) -> list[Reading]:
        out = list(readings)
        for quantity, flagger in self._links:
            found = [judged(one, (flagger,)) if quantity in (None, one.quantity) else one for one in readings]
            path.through(flagger, quantity, found)
            out = [_joined(*each) for each in zip(out, readings, found, strict=True)]
        return out

    def rest(self) -> list[Reading]:
        return []


def _joined(out: Reading, before: Reading, found: Reading) -> Reading:
    """The reading with what a flagger found; the very same one, as in a panel, where that is nothing."""
    return out if found.quality is before.quality else out._replace(quality=out.quality.joined(found.quality))


def _stages(links: Sequence[Link]) -> Iterator[_Single | _Panel]:
    for judges, group in groupby(links, lambda link: isinstance(link[1], Flagger)):
        if judges:
            yield _Panel([(quantity, work) for quantity, work in group if isinstance(work, Flagger)])
        else:
            yield from (_Single(quantity, work) for quantity, work in group)
