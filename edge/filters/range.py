"""Flags what lies outside the limits of the sensor, or of the place."""

from collections.abc import Mapping
from typing import Any

from drivers import Option, Quantity, Reason
from edge.filters.filter import Unfit
from edge.filters.flagger import Flagger
from edge.filters.nature import nature
from edge.reading import GOOD, Level, Quality, Reading

IMPOSSIBLE = GOOD.flagged(Reason.OUT_OF_RANGE)
UNUSUAL = Quality(Level.SUSPECT, Reason.OUT_OF_RANGE)
CLIPPED = GOOD.flagged(Reason.SATURATED)
NOWHERE = (float("-inf"), float("inf"))


class Range(Flagger):
    """Outside ``low`` to ``high`` a value is bad, outside ``suspect_low`` to ``suspect_high`` it is suspect.

    The gross range test of QARTOD: the outer limits are what the sensor can measure, the inner ones what the place has
    ever had. Without limits the quantity's own, from the data sheet. All in the unit of the quantity. A value at such
    a limit of the data sheet is suspect, ``saturated``: the sensor can show no more, and the truth may lie beyond.
    """

    options = (
        Option("low", float, None, "lowest believable value; default: of the sensor's data sheet"),
        Option("high", float, None, "highest believable value; default: of the sensor's data sheet"),
        Option("suspect_low", float, None, "lowest value that this place has ever had; default: none"),
        Option("suspect_high", float, None, "highest value that this place has ever had; default: none"),
        Option(
            "clips",
            str,
            "",
            "at which limits of its data sheet a value is cut off; default: as befits the quantity",
            choices=("never", "low", "high", "both"),
        ),
    )

    def __init__(self, quantities: Mapping[str, Quantity], **options: Any) -> None:
        """As every filter."""
        super().__init__(quantities, **options)
        self._usual = _limits(self.set["suspect_low"], self.set["suspect_high"])
        self._possible = {name: self._of(quantity) for name, quantity in quantities.items()}
        self._other = _limits(self.set["low"], self.set["high"])  # for what another filter added
        self._ends = {name: self._clipped(quantity) for name, quantity in quantities.items()}
        for low, high in (("low", "high"), ("suspect_low", "suspect_high")):
            if None not in (self.set[low], self.set[high]) and self.set[low] >= self.set[high]:
                raise Unfit(low, f"'{low}' is not below '{high}'", "the lower limit comes first")

    def judge(self, reading: Reading, value: float) -> Quality:
        """``out_of_range``: bad or suspect; ``saturated`` at a limit."""
        low, high = self._possible.get(reading.quantity, self._other)
        if not low <= value <= high:
            return IMPOSSIBLE
        least, most = self._usual
        found = GOOD if least <= value <= most else UNUSUAL
        if low < value < high:
            return found
        low, high = self._ends.get(reading.quantity, NOWHERE)
        return found if low < value < high else found.joined(CLIPPED)

    def about(self, quantity: str) -> str:
        """The limits."""
        low, high = self._possible.get(quantity, self._other)
        usual = "" if self._usual == _limits(None, None) else f", here {self._usual[0]:g} .. {self._usual[1]:g}"
        return f"{low:g} .. {high:g}{usual}"

    def _of(self, quantity: Quantity) -> tuple[float, float]:
        low, high = self.set["low"], self.set["high"]
        return quantity.low if low is None else low, quantity.high if high is None else high

    def _clipped(self, quantity: Quantity) -> tuple[float, float]:
        """Where the sensor is at its end; a limit that somebody set is no end of the sensor."""
        clips = self.set["clips"] or nature(quantity.name).clips
        low = quantity.low if clips in ("low", "both") and self.set["low"] is None else NOWHERE[0]
        high = quantity.high if clips in ("high", "both") and self.set["high"] is None else NOWHERE[1]
        return low, high


def _limits(low: float | None, high: float | None) -> tuple[float, float]:
    return float("-inf") if low is None else low, float("inf") if high is None else high
