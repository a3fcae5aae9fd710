"""What the smoothing filters share: a quieter value in place of a measured one, as doubtful as what it is made of."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Protocol, final

from drivers import Quantity, Reason
from edge.filters.average import How, way
from edge.filters.filter import Filter
from edge.filters.history import PerQuantity, Window
from edge.filters.interval import usable
from edge.reading import GOOD, Quality, Reading


class Memory(Protocol):
    """What a smoothing filter knows of one quantity."""

    def smooth(self, ticks: int, value: float, quality: Quality) -> tuple[float, Quality]:
        """The value in place of ``value``, and the quality of all that it was made of."""


class Smoothing(Filter):
    """Replaces a value by one made of it and of those before; the measured one stays as ``raw``.

    What is bad, missing or flagged as a spike goes through as it is and enters nothing. Quantities that cannot be
    smoothed (totals, amounts, states) go through as well. The result has the flags of all that it was made of.
    """

    smooths: ClassVar[frozenset[How]]  # by the way in which they are averaged

    def __init__(self, quantities: Mapping[str, Quantity], **options: Any) -> None:
        """As every filter."""
        super().__init__(quantities, **options)
        self._memories = PerQuantity(lambda name: self.begin(name, way(name)) if way(name) in self.smooths else None)

    @abstractmethod
    def begin(self, quantity: str, how: How) -> Memory:
        """An empty memory for a quantity that is averaged in this way."""

    @final
    def __call__(self, reading: Reading) -> Iterable[Reading]:
        """The reading with the smoothed value."""
        value, quality = reading.value, reading.quality
        if value is None or not usable(reading) or (quality is not GOOD and Reason.SPIKE in quality.reasons):
            return (reading,)
        memory = self._memories.of(reading)
        if memory is None:
            return (reading,)
        smoothed, whole = memory.smooth(reading.at.ticks, value, quality)
        made = reading.valued(smoothed)
        return (made if whole is quality else made._replace(quality=whole),)


class Windowed(ABC):
    """The last values with their qualities; a hook makes one value of them."""

    def __init__(self, size: int) -> None:
        self.window = Window(size)
        self._qualities: deque[Quality] = deque(maxlen=size)

    @final
    def smooth(self, ticks: int, value: float, quality: Quality) -> tuple[float, Quality]:
        """See ``Memory``."""
        window, qualities = self.window, self._qualities
        window.reach(ticks)
        if not window.values:
            qualities.clear()
        window.add(ticks, value)
        qualities.append(quality)
        if qualities.count(GOOD) < len(qualities):
            for one in qualities:
                quality = quality.joined(one)
        return self.value(), quality

    @abstractmethod
    def value(self) -> float:
        """Hook: what the values of the window come to."""
