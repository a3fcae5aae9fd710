"""Flags values that stay the same for too long."""

from collections.abc import Mapping
from typing import Any

from drivers import Option, Quantity, Reason, is_total
from edge.filters.filter import Filter
from edge.filters.flagger import Flagger
from edge.filters.history import PerQuantity
from edge.filters.nature import nature
from edge.reading import GOOD, Quality, Reading

FOUND = GOOD.flagged(Reason.STUCK)
# What may stay as it is for ever: states, counts of few, and what says how well it was measured.
STEADY = ("contact", "fix", "fix_quality", "satellites", "hdop", "pdop", "course", "clock_offset")
ALMOST = 0.999  # of a step: 0.03 - 0.02 is a little less than 0.01
SHARE = 4  # a gap counts at most this part of the time


class Stuck(Flagger):
    """A value that moved by less than ``within`` for ``for`` is suspect: ``stuck``, until it moves.

    The flat line test of QARTOD. Only the readings after that time are flagged, not those before. Totals and states
    (contact, fix, satellites) may stay as they are and are never flagged, nor is a clipped value (``saturated``), nor
    one at ``resting``: no water flows at night, clean air has no dust. A gap counts as a quarter of ``for`` at most, so
    it takes five readings.
    """

    reasons = Reason.STUCK
    options = (
        Option("for", "duration", 3600.0, "how long a live value cannot stay the same", unit="s", low=0.001),
        Option("within", float, None, "less is no move, in the unit of the quantity; default: its last digit", low=0),
        Option(
            "resting",
            float,
            None,
            "a value that may stay, in the unit of the quantity; default: as befits it, 0 of rain, flow, dust",
        ),
    )

    def __init__(self, quantities: Mapping[str, Quantity], **options: Any) -> None:
        """As every filter."""
        super().__init__(quantities, **options)
        self._long = self.set["for"] * 1e9
        self._lines = PerQuantity(self._begin)

    def succeed(self, before: Filter) -> None:
        """How long each quantity has stayed."""
        if isinstance(before, Stuck):
            self._lines = before._lines

    def judge(self, reading: Reading, value: float) -> Quality:
        """``stuck``, when the value has stayed long enough."""
        line = self._lines.of(reading)
        if line.steady:
            return GOOD
        rests = line.resting is not None and line.resting in (value, reading.raw)  # also before its calibration
        free = rests or Reason.SATURATED in reading.quality.reasons
        held = line.held(reading.at.ticks, value, self._long / SHARE)
        return FOUND if held >= self._long and not free else GOOD

    def _begin(self, quantity: str) -> "_Line":
        line = _Line()
        line.steady = is_total(quantity) or _is_one_of(quantity, STEADY)
        line.within = self.resolution(quantity) if self.set["within"] is None else self.set["within"]
        line.resting = nature(quantity).resting if self.set["resting"] is None else self.set["resting"]
        return line


class _Line:
    """How long a quantity has stayed, and between which values."""

    steady, within = False, 0.0
    resting: float | None = None
    _low = _high = _held = 0.0
    _ticks: int | None = None

    def held(self, ticks: int, value: float, longest: float) -> float:
        """Ticks for which it has not moved; no gap counts more than ``longest``."""
        low, high = min(self._low, value), max(self._high, value)
        if self._ticks is None or high - low > ALMOST * self.within:
            self._low = self._high = value
            self._held = 0.0
        else:
            self._low, self._high = low, high
            self._held += min(ticks - self._ticks, longest)
        self._ticks = ticks
        return self._held


def _is_one_of(quantity: str, names: tuple[str, ...]) -> bool:
    return any(quantity == name or quantity.startswith(name + "_") for name in names)
