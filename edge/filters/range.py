"""Flags what lies outside the limits of the sensor, or of the place."""

from collections.abc import Iterable

from drivers import Option, Reason
from edge.filters.filter import Filter
from edge.reading import Reading


class Range(Filter):
    """Values outside ``low`` to ``high`` are bad (gross range test of QARTOD); without limits the quantity's own."""

    options = (
        Option("low", float, None, "lowest believable value; default: of the sensor's data sheet"),
        Option("high", float, None, "highest believable value; default: of the sensor's data sheet"),
    )

    def __call__(self, reading: Reading) -> Iterable[Reading]:
        """The reading, flagged ``out_of_range`` where it is."""
        if reading.value is not None and not self._inside(reading.quantity, reading.value):
            reading = reading.flagged(Reason.OUT_OF_RANGE)
        return (reading,)

    def _inside(self, name: str, value: float) -> bool:
        quantity = self.quantities.get(name)  # None: another filter added it
        low, high = self.set["low"], self.set["high"]
        if quantity is not None:
            low, high = quantity.low if low is None else low, quantity.high if high is None else high
        return (low is None or bool(low <= value)) and (high is None or bool(value <= high))
