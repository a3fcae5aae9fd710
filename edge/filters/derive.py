"""A quantity that no device measures, computed from those that it does."""

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from drivers import CATALOGUE, REQUIRED, Option, Quantity, Reason, units
from edge.clock import Stamp
from edge.filters.filter import Filter, Unfit
from edge.maths.curve import Steps
from edge.maths.expression import Expression, ExpressionError
from edge.maths.formulas import FORMULAS, Formula
from edge.maths.unit import UNITS, kin
from edge.reading import GOOD, Level, Quality, Reading

NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
FRESH = 600.0  # seconds that the value of another sensor may be old: as for compensation
UNTOLD = Quality(Level.MISSING)
UNDEFINED = Quality(Level.MISSING, Reason.INCONSISTENT)  # good inputs that have no result together
NOTHING = Reading("", "", None, "", Stamp("", 0), quality=Quality(Level.MISSING, Reason.STALE))


class Derive(Filter):
    """Adds ``quantity`` behind the quantities of one measurement that ``expression`` names.

    The expression knows numbers, ``+ - * / ^``, brackets, the quantities of the sensor, ``{sensor/quantity}`` of others
    (as measured, at most 10 minutes old), ``table(x)`` over ``points``, and functions: ``min max abs sqrt exp ln log10
    pow sin cos rad``, ``dew_point absolute_humidity mass_concentration oxygen_solubility oxygen_saturation rating
    sound_sum sound_speed``. The result is as bad as the worst of its inputs. It has no value where one of them is bad,
    missing or too old, and none, reason ``inconsistent``, where the arithmetic has none, as in a division by 0.
    """

    reasons = Reason.INCONSISTENT | Reason.STALE
    options = (
        Option("quantity", str, REQUIRED, 'the name of the result, e.g. quantity = "dew_point"'),
        Option("unit", str, REQUIRED, 'its unit, a UCUM code, e.g. unit = "Cel"'),
        Option("expression", str, REQUIRED, 'what it comes to, e.g. expression = "dew_point(temperature, humidity)"'),
        Option("decimals", int, 3, "digits behind the point", low=0, high=9),
        Option("points", "points", None, "pairs of x and table(x), in order of x; beyond them there is no value"),
    )

    refers = ("expression",)

    def __init__(self, quantities: Mapping[str, Quantity], **options: Any) -> None:
        """As every filter; raises ``Unfit`` for what cannot be computed or is no quantity."""
        super().__init__(quantities, **options)
        self._quantity = self._checked_quantity()
        self._expression = self._parsed()
        self._near = {name for name in self._expression.names if "/" not in name}
        self._far = {name: name.partition("/") for name in self._expression.names if "/" in name}
        self._check_names()
        self._inputs: dict[str, Reading] = {}
        self._at: Stamp | None = None

    def gives(self, quantity: str | None) -> Mapping[str, Quantity]:
        """The result too."""
        return {**self.quantities, self._quantity.name: self._quantity}

    def concerns(self, quantity: str) -> bool:
        """The one that it computes."""
        return quantity == self._quantity.name

    def __call__(self, reading: Reading) -> Iterable[Reading]:
        """The reading, and the result behind it when it was the last input of its moment."""
        if reading.quantity not in self._near:
            return (reading,)
        if reading.at != self._at:
            self._at, self._inputs = reading.at, {}
        self._inputs[reading.quantity] = reading
        if len(self._inputs) < len(self._near):
            return (reading,)
        inputs, self._inputs = self._inputs, {}
        return (reading, self._result(reading, inputs))

    def _result(self, last: Reading, inputs: dict[str, Reading]) -> Reading:
        values: dict[str, float] = {}
        quality = GOOD
        for name, reading in (inputs | self._others(last) if self._far else inputs).items():
            if reading.quality is not GOOD:
                quality = quality.joined(reading.quality)
            if reading.value is not None and math.isfinite(reading.value):
                values[name] = reading.value
        value, quality = self._computed(values, quality)
        made = self._quantity
        return Reading(last.device, made.name, value, made.unit, last.at, last.span, quality)

    def _computed(self, values: Mapping[str, float], quality: Quality) -> tuple[float | None, Quality]:
        """The value, rounded; none for inputs that are bad or not there, and none where the arithmetic has none."""
        if quality is not GOOD and quality.level >= Level.BAD:
            return None, quality
        if len(values) < len(self._expression.names):
            return None, quality.joined(UNTOLD)
        value = self._expression(values)
        if value is None:
            return None, quality.joined(UNDEFINED)
        return round(value, self._quantity.decimals), quality

    def _others(self, last: Reading) -> dict[str, Reading]:
        """What other sensors measured last; without a value where that is too old."""
        found = {name: self.look_up(sensor, quantity) for name, (sensor, _, quantity) in self._far.items()}
        return {name: other if other is not None and _fresh(other, last) else NOTHING for name, other in found.items()}

    def _checked_quantity(self) -> Quantity:
        name, unit = self.set["quantity"], self.set["unit"]
        if not NAME.fullmatch(name):
            raise Unfit("quantity", f"'{name[:64]}' cannot be the name of a quantity", "a-z 0-9 _, a letter first")
        if name in self.quantities:
            raise Unfit("quantity", f"'{name}' is measured already", "give the result a name of its own")
        possible = _units_of(name)
        if unit not in possible:
            raise Unfit("unit", f"'{name}' is not given in '{unit[:32]}'", f"one of: {', '.join(possible)}")
        return Quantity(name, unit, -math.inf, math.inf, self.set["decimals"], made=True)

    def _parsed(self) -> Expression:
        functions = dict(FORMULAS)
        try:
            if self.set["points"] is not None:
                functions["table"] = Formula("x", _inside(Steps(self.set["points"])))
            return Expression(self.set["expression"], functions)
        except ExpressionError as error:
            raise Unfit("expression", str(error), error.remedy, (error.column, error.length)) from error
        except ValueError as error:
            raise Unfit("points", str(error), "points = [[0.2, 0.0], [0.5, 1.3]]") from error

    def _check_names(self) -> None:
        for name in self._near - self.quantities.keys():
            from difflib import get_close_matches  # a node with a good configuration needs none of it

            near = get_close_matches(name, self.quantities, 1)
            remedy = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(self.quantities)}"
            part = self._expression.names[name], len(name)
            raise Unfit("expression", f"'{name[:64]}' is not measured", remedy, part)
        if not self._near:
            raise Unfit("expression", "no quantity of this sensor is in it", f"known: {', '.join(self.quantities)}")


def _fresh(other: Reading, last: Reading) -> bool:
    return other.at.boot == last.at.boot and abs(other.at.ticks - last.at.ticks) <= FRESH * 1e9


def _units_of(name: str) -> list[str]:
    """The units that a name of the catalogue can be given in; any that is known for another name."""
    try:
        return [unit for known in units(name) for unit in kin(known)]
    except ValueError:
        return list(dict.fromkeys([*UNITS, *(unit for names in CATALOGUE.values() for unit in names)]))


def _inside(steps: Steps) -> Any:
    """The table as a function that has no value beyond its ends."""

    def table(x: float) -> float:
        if not steps.covers(x):
            raise ValueError(f"{x:g} is beyond the table")
        return steps(x)

    return table
