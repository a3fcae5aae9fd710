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
    ever had. Without limits the quantity's own, from the data sheet: these are for the value as measured, before any
    calibration. At such a limit it is suspect, ``saturated``: the sensor can show no more, and the truth may lie
    beyond. All in the unit of the quantity.
    """

    reasons = Reason.OUT_OF_RANGE | Reason.SATURATED
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
        self._believable = _limits(self.set["low"], self.set["high"])
        self._sheet = {name: self._of(quantity) for name, quantity in quantities.items()}
        self._ends = {name: self._clipped(quantity) for name, quantity in quantities.items()}
        for low, high in (("low", "high"), ("suspect_low", "suspect_high")):
            if None not in (self.set[low], self.set[high]) and self.set[low] >= self.set[high]:
                raise Unfit(low, f"'{low}' is not below '{high}'", "the lower limit comes first")

    def judge(self, reading: Reading, value: float) -> Quality:
        """``out_of_range``: bad or suspect; ``saturated`` at a limit."""
        shown = value if reading.raw is None else reading.raw
        first, last = self._sheet.get(reading.quantity, NOWHERE)  # not of what another filter added
        low, high = self._believable
        if not (first <= shown <= last and low <= value <= high):
            return IMPOSSIBLE
        low, high = self._usual
        found = GOOD if low <= value <= high else UNUSUAL
        if first < shown < last:
            return found
        low, high = self._ends.get(reading.quantity, NOWHERE)
        return found if low < shown < high else found.joined(CLIPPED)

    def about(self, quantity: str) -> str:
        """The limits."""
        (first, last), (low, high) = self._sheet.get(quantity, NOWHERE), self._believable
        usual = "" if self._usual == _limits(None, None) else f", here {self._usual[0]:g} .. {self._usual[1]:g}"
        return f"{max(first, low):g} .. {min(last, high):g}{usual}"

    def _of(self, quantity: Quantity) -> tuple[float, float]:
        """The limits of the data sheet, where nobody set others."""
        low = quantity.low if self.set["low"] is None else NOWHERE[0]
        return low, quantity.high if self.set["high"] is None else NOWHERE[1]

    def _clipped(self, quantity: Quantity) -> tuple[float, float]:
        """Those of them at which the sensor is at its end."""
        clips, (low, high) = self.set["clips"] or nature(quantity.name).clips, self._of(quantity)
        return low if clips in ("low", "both") else NOWHERE[0], high if clips in ("high", "both") else NOWHERE[1]


def _limits(low: float | None, high: float | None) -> tuple[float, float]:
    return float("-inf") if low is None else low, float("inf") if high is None else high
