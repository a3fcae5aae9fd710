"""What a filter is: one reading in, none, one or more out. It flags, seldom drops, never invents."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from drivers import Option, Quantity
from edge.reading import Reading


class Filter(ABC):
    """One filter of one sensor; a filter that keeps a history keeps it per quantity and in ticks, never in dates."""

    options: ClassVar[tuple[Option, ...]] = ()

    def __init__(self, quantities: Mapping[str, Quantity], **options: Any) -> None:
        """``quantities`` are those of the sensor by name; ``options`` are keys of the table ``options``."""
        self.quantities = quantities
        self.look_up: Callable[[str, str], Reading | None] = lambda device, quantity: None  # what it measured last
        self.pace: float | None = None  # seconds between two readings of the sensor at most, where that is known
        self.set: Mapping[str, Any] = {option.name: option.default for option in self.options} | options

    @abstractmethod
    def __call__(self, reading: Reading) -> Iterable[Reading]:
        """What becomes of a reading. A reading without a value goes through as it is."""

    def rest(self) -> Iterable[Reading]:
        """What the filter still holds back when the node stops."""
        return ()
