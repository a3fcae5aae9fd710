"""Corrects a value by a calibration curve; the raw value stays."""

from collections.abc import Iterable, Mapping
from typing import Any

from drivers import Option, Quantity, Reason
from edge.filters.filter import Filter, Unfit, changed
from edge.maths.curve import Curve, curve, formula
from edge.reading import Reading

EXAMPLE = "e.g. points = [[0.0, 0.3], [10.0, 10.1]]"


class Calibrate(Filter):
    """``value = gain * raw + offset``, or a polynomial, or straight lines between the points of a table.

    All in the unit of the quantity. Outside of the table its nearest line goes on, and the value is suspect, reason
    ``uncalibrated``. The same raw value and the same keys always give the same value.
    """

    reasons = Reason.OUT_OF_RANGE | Reason.UNCALIBRATED
    options = (
        Option("gain", float, 1.0, "factor"),
        Option("offset", float, 0.0, "added after the factor, in the unit of the quantity"),
        Option("coefficients", "numbers", None, "of a polynomial, the constant first: [c0, c1, c2]"),
        Option("points", "points", None, f"pairs of raw and true value in order of raw, {EXAMPLE}"),
    )

    def __init__(self, quantities: Mapping[str, Quantity], **options: Any) -> None:
        """As every filter; raises ``Unfit`` for more than one kind of curve and for points out of order."""
        super().__init__(quantities, **options)
        try:
            self._curve = curve(options)
        except ValueError as error:
            option = next((name for name in ("points", "coefficients") if name in options), "gain")
            raise Unfit(option, str(error), f"gain and offset, coefficients, or points, {EXAMPLE}") from error

    def about(self, quantity: str) -> str:
        """The curve."""
        return formula(self._curve)

    def __call__(self, reading: Reading) -> Iterable[Reading]:
        """The corrected reading with its raw value."""
        return (calibrated(reading, self._curve),)


def calibrated(reading: Reading, law: Curve) -> Reading:
    """The reading as it would be of a true sensor, the raw value beside; beyond a table it is ``uncalibrated``."""
    done = changed(reading, law)
    beyond = reading.value is not None and not law.covers(reading.value)
    return done.flagged(Reason.UNCALIBRATED) if beyond else done
