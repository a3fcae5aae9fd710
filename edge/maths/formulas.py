"""Functions that an expression may call: plain mathematics, and the formulas of the field with their sources.

All of them may raise ``ArithmeticError`` or ``ValueError`` where they have no value.
"""

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

GAS = 8.314462618  # J/(mol K), CODATA 2018
WATER = 18.01528  # g/mol
ZERO = 273.15  # K at 0 Cel
ATMOSPHERE = 1013.25  # hPa


class Formula(NamedTuple):
    """A function and what it takes; those with a ``?`` may be left out, ``...`` is any number more of the last."""

    takes: str
    work: Callable[..., float]

    def fits(self, count: int) -> bool:
        """Whether it can be called with so many values."""
        names = self.takes.split()
        least = sum(not name.endswith(("?", "...")) for name in names)
        return least <= count and (count <= len(names) or names[-1] == "...")


def saturation(t: float) -> float:
    """Vapour pressure in hPa over water at ``t`` Cel, -45 to 60 (WMO-No. 8, volume I, annex 4.B, Magnus)."""
    return 6.112 * math.exp(17.62 * t / (243.12 + t))


def dew_point(t: float, rh: float) -> float:
    """Dew point in Cel of air of ``t`` Cel and ``rh`` %RH over water (WMO-No. 8, volume I, annex 4.B)."""
    humid = math.log(saturation(t) * rh / 100 / 6.112)
    return 243.12 * humid / (17.62 - humid)


def absolute_humidity(t: float, rh: float) -> float:
    """Water in air of ``t`` Cel and ``rh`` %RH in g/m3: the vapour as an ideal gas."""
    return saturation(t) * rh * WATER / (GAS * (t + ZERO))  # hPa and % are 100 Pa and 1/100


def mass_concentration(ppb: float, molar_mass: float, t: float = 20.0, p: float = ATMOSPHERE) -> float:
    """A gas in ug/m3; ``molar_mass`` in g/mol, at ``t`` Cel (20 by 2008/50/EC, 25 by HJ 212 and EPA) and ``p`` hPa."""
    return ppb * molar_mass * p / (GAS * (t + ZERO)) / 10  # 1e-9 mol/mol, 100 Pa, 1e6 ug


def oxygen_solubility(t: float, salinity: float = 0.0, p: float = ATMOSPHERE) -> float:
    """Oxygen in mg/L in water of ``t`` Cel and ``salinity`` PSU in balance with moist air of ``p`` hPa.

    Benson and Krause 1984 as in Standard Methods 4500-O, 0 to 40 Cel, to 40 PSU.
    """
    kelvin = t + ZERO
    fresh = -139.34411 + 1.575701e5 / kelvin - 6.642308e7 / kelvin**2 + 1.2438e10 / kelvin**3 - 8.621949e11 / kelvin**4
    salt = salinity * (0.017674 - 10.754 / kelvin + 2140.7 / kelvin**2)
    vapour = math.exp(11.8571 - 3840.70 / kelvin - 216961 / kelvin**2)  # atm
    theta, air = 0.000975 - 1.426e-5 * t + 6.436e-8 * t**2, p / ATMOSPHERE
    return math.exp(fresh - salt) * (air - vapour) * (1 - theta * air) / ((1 - vapour) * (1 - theta))


def oxygen_saturation(oxygen: float, t: float, salinity: float = 0.0, p: float = ATMOSPHERE) -> float:
    """Oxygen of so many mg/L in % of what the water could hold; see ``oxygen_solubility``."""
    return 100 * oxygen / oxygen_solubility(t, salinity, p)


def rating(level: float, a: float, h0: float, b: float) -> float:
    """Discharge by a rating curve ``a (level - h0)^b``, 0 up to the level ``h0`` where it begins (ISO 18320)."""
    return a * math.pow(level - h0, b) if level > h0 else 0.0


def sound_sum(*levels: float) -> float:
    """The level in dB of several incoherent sources together (ISO 1996-1): 10 lg of the sum of 10^(L/10)."""
    return 10 * math.log10(sum(math.pow(10, level / 10) for level in levels))


def sound_speed(t: float) -> float:
    """Speed of sound in m/s in dry air of ``t`` Cel (ISO 9613-1: 343.2 m/s at 293.15 K)."""
    return 343.2 * math.sqrt((t + ZERO) / 293.15)


FORMULAS: Mapping[str, Formula] = {
    "min": Formula("x y ...", min),
    "max": Formula("x y ...", max),
    "abs": Formula("x", abs),
    "sqrt": Formula("x", math.sqrt),
    "exp": Formula("x", math.exp),
    "ln": Formula("x", math.log),
    "log10": Formula("x", math.log10),
    "pow": Formula("x y", math.pow),
    "sin": Formula("x", math.sin),
    "cos": Formula("x", math.cos),
    "rad": Formula("degrees", math.radians),
    "dew_point": Formula("t rh", dew_point),
    "absolute_humidity": Formula("t rh", absolute_humidity),
    "mass_concentration": Formula("ppb molar_mass t? p?", mass_concentration),
    "oxygen_solubility": Formula("t salinity? p?", oxygen_solubility),
    "oxygen_saturation": Formula("oxygen t salinity? p?", oxygen_saturation),
    "rating": Formula("level a h0 b", rating),
    "sound_sum": Formula("x y ...", sound_sum),
    "sound_speed": Formula("t", sound_speed),
}
