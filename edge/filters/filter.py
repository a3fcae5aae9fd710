"""What a filter is: one reading in, none, one or more out. It flags, seldom drops, never invents."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from drivers import NONE, Option, Quantity, Reason
from edge.clock import Stamp
from edge.reading import GOOD, Reading

UNREAL = GOOD.flagged(Reason.OUT_OF_RANGE)  # of a value that is no number


class Unfit(ValueError):
    """An option that does not go with the others or with the sensor: which, what is wrong, how to mend it.

    ``part`` is the column from 1 and the length of what is wrong within a text.
    """

    def __init__(self, option: str, what: str, remedy: str, part: tuple[int, int] | None = None) -> None:
        super().__init__(what)
        self.option, self.remedy, self.part = option, remedy, part


class Filter(ABC):
    """One filter of one sensor; a filter that keeps a history keeps it per quantity and in ticks, never in dates."""

    options: ClassVar[tuple[Option, ...]] = ()
    reasons: ClassVar[Reason] = NONE  # that it may find in a reading
    refers: ClassVar[tuple[str, ...]] = ()  # options that name values: "quantity", or "sensor/quantity" of another

    def __init__(self, quantities: Mapping[str, Quantity], **options: Any) -> None:
        """``quantities`` are those of the sensor by name; ``options`` are keys of the table ``options``.

        Raises ``Unfit`` for options that are each right but do not go together.
        """
        self.quantities = quantities
        self.look_up: Callable[[str, str], Reading | None] = lambda device, quantity: None  # what it measured last
        self.date: Callable[[Stamp], int | None] = lambda stamp: None  # UTC in ns since 1970, where that is known
        self.pace: float | None = None  # seconds between two readings of the sensor at most, where that is known
        self.set: Mapping[str, Any] = {option.name: option.default for option in self.options} | options

    @abstractmethod
    def __call__(self, reading: Reading) -> Iterable[Reading]:
        """What becomes of a reading. A reading without a value goes through as it is."""

    def rest(self) -> Iterable[Reading]:
        """What the filter still holds back when the node stops."""
        return ()

    def succeed(self, before: "Filter") -> None:
        """Takes over what one of the same type with other options remembers; by itself, nothing."""

    def gives(self, quantity: str | None) -> Mapping[str, Quantity]:
        """The quantities that leave it, where it is bound to ``quantity`` (None: to all)."""
        return self.quantities

    def about(self, quantity: str) -> str:
        """What it went by with the last reading of a quantity, for people; by itself, its options."""
        given = ((option, self.set[option.name]) for option in self.options)
        return ", ".join(f"{option.name} {_written(value, option.unit)}" for option, value in given if value)

    def setting(self, quantity: str, at: Stamp) -> str:
        """What it goes by with a reading of a moment, as far as that does not depend on the readings before."""
        return self.about(quantity)

    def concerns(self, quantity: str) -> bool:
        """Whether it has anything to do with a quantity."""
        return True

    def resolution(self, name: str) -> float:
        """The last digit worth showing, in the unit of the quantity; 0 for a quantity that another filter added."""
        quantity = self.quantities.get(name)
        return 0.0 if quantity is None else float(10.0**-quantity.decimals)


def _written(value: Any, unit: str) -> str:
    number = f"{value:g}" if isinstance(value, float) else value
    words = " ".join(map(str, value)) if isinstance(value, (list, tuple)) else f"{number} {unit}"
    return words.strip()


def changed(reading: Reading, law: Callable[[float], float]) -> Reading:
    """The reading with value and extremes under a law, the raw value beside; no value where the law gives no number.

    What is missing or no number already stays as it is.
    """
    raw = reading.value
    if raw is None or not math.isfinite(raw):
        return reading
    done, spread = reading.valued(law(raw)), reading.spread
    if done.value is None or not math.isfinite(done.value):
        return done._replace(value=None, spread=None, quality=done.quality.joined(UNREAL))
    return done if spread is None else done._replace(spread=spread.through(law))
