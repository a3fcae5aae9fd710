"""Flags values that contradict each other."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

from drivers import Option, Quantity, Reason
from edge.clock import Stamp
from edge.filters.filter import Unfit
from edge.filters.flagger import Flagger
from edge.filters.interval import usable
from edge.reading import GOOD, Quality, Reading

FOUND = GOOD.flagged(Reason.INCONSISTENT)


class Cross(Flagger):
    """Values that cannot be true together are suspect: ``inconsistent``, each of those that take part.

    ``ascending`` may not fall along the list (PM1 is part of PM2.5, and that of PM10), ``equal`` must agree. A value is
    named ``"quantity"`` of this sensor, compared within one measurement, or ``"sensor/quantity"`` of another, which may
    be ``age`` older; the readings of that one are flagged by a filter of its own. All are compared as measured, before
    calibration and smoothing; bad and missing ones are not. Put it before filters that give means.
    """

    reasons = Reason.INCONSISTENT
    options = (
        Option("ascending", list, (), 'what does not fall along the list, e.g. ["pm1", "pm2_5", "pm10"]'),
        Option("equal", list, (), 'what agrees, e.g. ["level", "backup/level"]'),
        Option("tolerance", float, None, "by how much it may, in the unit of the quantity; default: last digit", low=0),
        Option("share", float, 0.0, "by how much it may, as a share of the larger value", low=0, high=1),
        Option("age", "duration", 60.0, "how old the value of another sensor may be", unit="s", low=0),
    )
    refers = ("ascending", "equal")

    def __init__(self, quantities: Mapping[str, Quantity], **options: Any) -> None:
        """As every filter."""
        super().__init__(quantities, **options)
        for option in self.refers:
            self._check(option)
        self._pairs = [(low, high, True) for low, high in combinations(self.set["ascending"], 2)]
        self._pairs += [(one, other, False) for one, other in combinations(self.set["equal"], 2)]
        self._named = {name: name.rpartition("/") for name in (*self.set["ascending"], *self.set["equal"])}
        if not any(name in quantities for pair in self._pairs for name in pair[:2]):
            raise Unfit("type", "there is nothing to compare", 'write ascending = ["pm1", "pm2_5"] or equal = [...]')
        self._age = self.set["age"] * 1e9
        self._compared: Stamp | None = None
        self._wrong: set[str] = set()

    def concerns(self, quantity: str) -> bool:
        """Those that are compared."""
        return quantity in self._named

    def judge(self, reading: Reading, value: float) -> Quality:
        """``inconsistent``, by what was measured at the same time."""
        if reading.at != self._compared:
            self._compared, self._wrong = reading.at, self._contradictions(reading)
        return FOUND if reading.quantity in self._wrong else GOOD

    def _contradictions(self, reading: Reading) -> set[str]:
        """The names that cannot be true together, in the measurement of the reading."""
        values = {name: self._value(sensor, quantity, reading) for name, (sensor, _, quantity) in self._named.items()}
        wrong: set[str] = set()
        for one, other, ascending in self._pairs:
            left, right = values[one], values[other]
            if left is not None and right is not None:
                excess = left - right if ascending else abs(left - right)
                if excess > 0.0 and excess > self._allowed(one, other, max(abs(left), abs(right))):
                    wrong |= {one, other}
        return wrong

    def _allowed(self, one: str, other: str, size: float) -> float:
        step = self.set["tolerance"]
        if step is None:
            step = max(self.resolution(one), self.resolution(other))
        return float(max(step, self.set["share"] * size))

    def _value(self, sensor: str, quantity: str, reading: Reading) -> float | None:
        found = self.look_up(sensor or reading.device, quantity)
        if found is None or not usable(found):
            return None
        if found.at == reading.at:
            return found.value
        young = found.at.boot == reading.at.boot and abs(found.at.ticks - reading.at.ticks) <= self._age
        return found.value if sensor and young else None

    def _check(self, option: str) -> None:
        for name in self.set[option]:
            if not isinstance(name, str) or ("/" not in name and name not in self.quantities):
                remedy = f'"sensor/quantity", or one of: {", ".join(self.quantities)}'
                raise Unfit(option, f"'{option}' names '{name}', which is not measured", remedy)
