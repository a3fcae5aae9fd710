"""The path of one measurement through a chain, filter by filter, for who asks why a value is what it is."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from edge.filters.filter import Filter
from edge.reading import Reading


class Step(NamedTuple):
    """What one filter made of the readings; ``quantity`` is the one it is bound to, None: all."""

    name: str
    about: str
    quantity: str | None
    readings: tuple[Reading, ...]

    def of(self, quantity: str) -> tuple[Reading, ...]:
        """Those of one quantity."""
        return tuple(reading for reading in self.readings if reading.quantity == quantity)


class Path:
    """The steps of one measurement, in order."""

    def __init__(self, asked: str, source: str, readings: Sequence[Reading]) -> None:
        """``asked`` is the quantity in question, ``source`` the name of the driver, ``readings`` what it measured."""
        self.asked, self.at = asked, readings[0].at
        self.steps = [Step("driver", source, None, tuple(readings))]

    def add(self, name: str, about: str, readings: Iterable[Reading], quantity: str | None = None) -> None:
        """One more step."""
        self.steps.append(Step(name, about, quantity, tuple(readings)))

    def through(self, work: Filter, quantity: str | None, readings: Iterable[Reading]) -> None:
        """The step of a filter that concerns the quantity asked for, once it has worked."""
        if work.concerns(self.asked):
            self.add(named(work), work.about(self.asked), readings, quantity)

    def told(self) -> list[dict[str, Any]]:
        """The steps as far as they concern the quantity that was asked for, as JSON."""
        quantity = self.asked
        told, before = [], self.steps[0].of(quantity)
        for step in self.steps:
            after = step.of(quantity)
            if step.quantity in (None, quantity) or after != before:
                told.append({"name": step.name, "about": step.about, "readings": [_told(one) for one in after]})
            before = after
        return told


def named(work: Filter) -> str:
    """The name that a filter has in a configuration."""
    return type(work).__module__.rpartition(".")[2]


def _told(reading: Reading) -> dict[str, Any]:
    return {
        "value": reading.value,
        "unit": reading.unit,
        "raw": reading.raw,
        "span": reading.span,
        "level": int(reading.quality.level),
        "reasons": reading.quality.reasons.words(),
    }
