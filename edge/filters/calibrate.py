"""Corrects a value by a straight line; the raw value stays."""

from collections.abc import Iterable

from drivers import Option
from edge.filters.filter import Filter
from edge.reading import Reading


class Calibrate(Filter):
    """``value = gain * raw + offset``, in the unit of the quantity."""

    options = (
        Option("gain", float, 1.0, "factor"),
        Option("offset", float, 0.0, "added after the factor, in the unit of the quantity"),
    )

    def __call__(self, reading: Reading) -> Iterable[Reading]:
        """The corrected reading with its raw value."""
        if reading.value is not None:
            reading = reading.valued(reading.value * self.set["gain"] + self.set["offset"])
        return (reading,)
