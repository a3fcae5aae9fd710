"""Units of one dimension, by exact factors: UCUM codes, as far as sensors and centres use them."""

import math
from collections.abc import Callable
from functools import cache
from typing import NamedTuple


class _Unit(NamedTuple):
    """``base = (value + offset) * by / per`` in the base unit of its dimension; whole numbers, so that it is exact."""

    dimension: str
    by: int = 1
    per: int = 1
    offset: float = 0.0


UNITS: dict[str, _Unit] = {
    "Cel": _Unit("temperature"),
    "K": _Unit("temperature", offset=-273.15),
    "[degF]": _Unit("temperature", 5, 9, -32.0),
    "Pa": _Unit("pressure"),
    "hPa": _Unit("pressure", 100),
    "mbar": _Unit("pressure", 100),
    "kPa": _Unit("pressure", 1000),
    "MPa": _Unit("pressure", 10**6),
    "bar": _Unit("pressure", 10**5),
    "m[H2O]": _Unit("pressure", 980665, 100),  # conventional: 1000 kg/m3 under standard gravity
    "um": _Unit("length", 1, 10**6),
    "mm": _Unit("length", 1, 1000),
    "cm": _Unit("length", 1, 100),
    "m": _Unit("length"),
    "km": _Unit("length", 1000),
    "[in_i]": _Unit("length", 254, 10_000),
    "[ft_i]": _Unit("length", 3048, 10_000),
    "m/s": _Unit("speed"),
    "km/h": _Unit("speed", 10, 36),
    "[kn_i]": _Unit("speed", 1852, 3600),
    "mL": _Unit("volume", 1, 10**6),
    "L": _Unit("volume", 1, 1000),
    "m3": _Unit("volume"),
    "L/s": _Unit("flow", 1, 1000),
    "L/min": _Unit("flow", 1, 60_000),
    "L/h": _Unit("flow", 1, 3_600_000),
    "m3/s": _Unit("flow"),
    "m3/h": _Unit("flow", 1, 3600),
    "m3/d": _Unit("flow", 1, 86_400),
    "ng/m3": _Unit("concentration", 1, 10**9),
    "ug/m3": _Unit("concentration", 1, 10**6),
    "mg/m3": _Unit("concentration", 1, 1000),
    "g/m3": _Unit("concentration"),
    "ug/L": _Unit("concentration", 1, 1000),
    "mg/L": _Unit("concentration"),
    "g/L": _Unit("concentration", 1000),
    "1/m3": _Unit("number", 1, 10**6),
    "1/L": _Unit("number", 1, 1000),
    "1/cm3": _Unit("number"),
    "1": _Unit("share"),
    "%": _Unit("share", 1, 100),
    "ppm": _Unit("share", 1, 10**6),
    "ppb": _Unit("share", 1, 10**9),
    "J": _Unit("energy"),
    "MJ": _Unit("energy", 10**6),
    "GJ": _Unit("energy", 10**9),
    "Wh": _Unit("energy", 3600),
    "kWh": _Unit("energy", 3_600_000),
    "MWh": _Unit("energy", 3_600_000_000),
    "W": _Unit("power"),
    "kW": _Unit("power", 1000),
    "uV": _Unit("voltage", 1, 10**6),
    "mV": _Unit("voltage", 1, 1000),
    "V": _Unit("voltage"),
    "uA": _Unit("current", 1, 10**6),
    "mA": _Unit("current", 1, 1000),
    "A": _Unit("current"),
    "Ohm": _Unit("resistance"),
    "kOhm": _Unit("resistance", 1000),
    "MOhm": _Unit("resistance", 10**6),
    "uS/cm": _Unit("conductivity", 1, 10**4),
    "mS/cm": _Unit("conductivity", 1, 10),
    "S/m": _Unit("conductivity"),
    "ms": _Unit("time", 1, 1000),
    "s": _Unit("time"),
    "min": _Unit("time", 60),
    "h": _Unit("time", 3600),
    "d": _Unit("time", 86_400),
}


def kin(unit: str) -> list[str]:
    """The units that a unit can be converted to; of one that is not in the table, only itself."""
    known = UNITS.get(unit)
    return [unit] if known is None else [name for name, other in UNITS.items() if other.dimension == known.dimension]


@cache
def law(unit: str, to: str) -> Callable[[float], float]:
    """What makes the same amount in another unit, within the last digit of a float.

    Raises ``ValueError`` for two dimensions.
    """
    if unit == to:
        return lambda value: value
    if to not in kin(unit):
        raise ValueError(f"{unit!r} cannot be converted to {to!r}")
    old, new = UNITS[unit], UNITS[to]
    by, per = old.by * new.per, old.per * new.by
    common = math.gcd(by, per)
    times, through, before, behind = by // common, per // common, old.offset, new.offset
    return lambda value: (value + before) * times / through - behind


def converted(value: float, unit: str, to: str) -> float:
    """The same amount in another unit; see ``law``."""
    return law(unit, to)(value)
