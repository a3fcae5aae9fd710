"""What a filter is: one reading in, none, one or more out. It flags, seldom drops, never invents."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from drivers import Option, Quantity
from edge.reading import Reading


class Unfit(ValueError):
    """An option that does not go with the others or with the sensor: which, what is wrong, how to mend it."""

    def __init__(self, option: str, what: str, remedy: str) -> None:
        super().__init__(what)
        self.option, self.remedy = option, remedy


class Filter(ABC):
    """One filter of one sensor; a filter that keeps a history keeps it per quantity and in ticks, never in dates."""

    options: ClassVar[tuple[Option, ...]] = ()

    def __init__(self, quantities: Mapping[str, Quantity], **options: Any) -> None:
        """``quantities`` are those of the sensor by name; ``options`` are keys of the table ``options``.

        Raises ``Unfit`` for options that are each right but do not go together.
        """
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

    def resolution(self, name: str) -> float:
        """The last digit worth showing, in the unit of the quantity; 0 for a quantity that another filter added."""
        quantity = self.quantities.get(name)
        return 0.0 if quantity is None else float(10.0**-quantity.decimals)
