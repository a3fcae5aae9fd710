"""Gives a value in another unit of the same dimension."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from drivers import REQUIRED, Option, Quantity
from edge.filters.filter import Filter, Unfit, changed
from edge.reading import Reading
from edge.unit import UNITS, converted, kin


class Convert(Filter):
    """Every quantity that can be given in the unit ``to`` is; the others go through as they are.

    Units are UCUM codes. Raw value and extremes are converted too, so that a reading has one unit. Between volume
    and mass (ppb and ug/m3) lies a gas, not a factor: see the function ``mass_concentration`` of ``derive``.
    """

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
        changed = [
            self._quantity(item)
            for name, item in self.quantities.items()
            if quantity in (None, name) and self._fits(item.unit)
        ]
        return {**self.quantities, **{item.name: item for item in changed}}

    def __call__(self, reading: Reading) -> Iterable[Reading]:
        """The reading in the new unit."""
        if not self._fits(reading.unit):
            return (reading,)
        return (converted_reading(reading, self._to),)

    def _fits(self, unit: str) -> bool:
        return unit in UNITS and UNITS[unit].dimension == UNITS[self._to].dimension

    def _quantity(self, old: Quantity) -> Quantity:
        low, high = (converted(limit, old.unit, self._to) for limit in (old.low, old.high))
        digits = old.decimals + round(
            math.log10(abs(converted(1.0, self._to, old.unit) - converted(0.0, self._to, old.unit)))
        )
        return Quantity(old.name, self._to, low, high, max(0, digits), made=True)


def converted_reading(reading: Reading, to: str) -> Reading:
    """The same reading in another unit of its dimension; no raw value is added, for none is lost."""

    def law(value: float) -> float:
        return converted(value, reading.unit, to)

    raw = None if reading.raw is None else law(reading.raw)
    return changed(reading, law)._replace(unit=to, raw=raw)
