"""Gives a value in another unit of the same dimension."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from drivers import REQUIRED, Option, Quantity, Reason
from edge.filters.filter import Filter, Unfit, changed
from edge.maths.unit import UNITS, kin, law
from edge.reading import Reading


class Convert(Filter):
    """Every quantity that can be given in the unit ``to`` is; the others go through as they are.

    Units are UCUM codes. Raw value and extremes are converted too, so that a reading has one unit. Between volume
    and mass (ppb and ug/m3) lies a gas, not a factor: see the function ``mass_concentration`` of ``derive``.
    """

    reasons = Reason.OUT_OF_RANGE
    options = (Option("to", str, REQUIRED, 'the unit, a UCUM code, e.g. to = "kPa"'),)

    def __init__(self, quantities: Mapping[str, Quantity], **options: Any) -> None:
        """As every filter; raises ``Unfit`` for a unit that none of the quantities can be given in."""
        super().__init__(quantities, **options)
        self._to = self.set["to"]
        if self._to not in UNITS:
            raise Unfit("to", f"no unit {self._to[:32]!r} is known", f"one of: {', '.join(UNITS)}")
        if quantities and not any(self._fits(quantity.unit) for quantity in quantities.values()):
            possible = dict.fromkeys(unit for quantity in quantities.values() for unit in kin(quantity.unit))
            raise Unfit("to", f"no quantity can be given in {self._to!r}", f"one of: {', '.join(possible)}")

    def gives(self, quantity: str | None) -> Mapping[str, Quantity]:
        """The same quantities in the new unit, with their limits."""
        turned = [
            self._quantity(item)
            for name, item in self.quantities.items()
            if quantity in (None, name) and self._fits(item.unit)
        ]
        return {**self.quantities, **{item.name: item for item in turned}}

    def __call__(self, reading: Reading) -> Iterable[Reading]:
        """The reading in the new unit."""
        if not self._fits(reading.unit):
            return (reading,)
        change = law(reading.unit, self._to)
        done = changed(reading, change)
        raw = None if reading.raw is None else change(reading.raw)  # none is added, for none is lost
        return (done._replace(unit=self._to, raw=raw),)

    def _fits(self, unit: str) -> bool:
        return unit in UNITS and UNITS[unit].dimension == UNITS[self._to].dimension

    def _quantity(self, old: Quantity) -> Quantity:
        change, back = law(old.unit, self._to), law(self._to, old.unit)
        digits = old.decimals + round(math.log10(abs(back(1.0) - back(0.0))))
        return Quantity(old.name, self._to, change(old.low), change(old.high), max(0, digits), made=True)
