"""The way of a device's readings: its calibration, then its filters; on request one measurement is watched on it."""

from collections.abc import Callable, Iterable, Sequence

from edge.filters import Chain
from edge.filters.path import Path
from edge.reading import Reading


class Way:
    """For the thread of the device; only ``watch``, ``seen`` and another ``chain`` are for others."""

    def __init__(self, driver: str, chain: Chain) -> None:
        """``driver`` is its name."""
        self.correct: Callable[[Sequence[Reading]], Sequence[Reading]] = lambda readings: readings  # by calibration
        self.about: Callable[[str], str] = lambda quantity: ""  # what the calibration of a quantity is
        self.seen: Path | None = None  # the last one that was watched
        self.chain = chain
        self._driver = driver
        self._wanted: str | None = None
        self._path: Path | None = None

    def watch(self, quantity: str) -> None:
        """The next measurement, for the sake of one quantity."""
        self._wanted = quantity

    def corrected(self, readings: Sequence[Reading]) -> Sequence[Reading]:
        """The readings of a measurement as the calibration has them."""
        out = self.correct(readings)
        if self._wanted is not None and readings:
            path = self._path = Path(self._wanted, self._driver, readings)
            self._wanted = None
            if about := self.about(path.asked):
                path.add("calibration", about, out, path.asked)
        return out

    def filtered(self, readings: Iterable[Reading]) -> list[Reading]:
        """What the filters make of them."""
        path, self._path = self._path, None
        if path is None:
            return self.chain(readings)
        out = self.chain.traced(readings, path)
        self.seen = path
        return out

    def rest(self) -> list[Reading]:
        """What the filters still hold back when the node stops."""
        return self.chain.rest()
