"""In what a quantity adds up: decibels as powers, directions as arrows, all else as it is."""

import cmath
import math
from collections.abc import Callable
from typing import NamedTuple

from edge.filters.average import How

LOUDEST = 3000.0  # dB: nothing is, and a float holds no more than 3080
CANCELLED = 1e-9  # length of a mean arrow that points nowhere


class Scale(NamedTuple):
    """There and back; ``back`` gives None where a mean has no meaning."""

    there: Callable[[float], complex]
    back: Callable[[complex], float | None]


def power(level: float) -> complex:
    """Of a level in dB, relative to that of 0 dB."""
    return math.pow(10.0, max(-LOUDEST, min(LOUDEST, level)) / 10)


def level(power: complex) -> float | None:
    """In dB, of a power."""
    return 10 * math.log10(power.real)


def arrow(degrees: float) -> complex:
    """Of length 1."""
    return cmath.rect(1.0, math.radians(degrees))


def direction(arrow: complex) -> float | None:
    """0 up to 360 degrees; None where arrows have cancelled each other out."""
    if abs(arrow) < CANCELLED:
        return None
    degrees = math.degrees(cmath.phase(arrow)) % 360
    return degrees if degrees < 360 else 0.0  # % gives 360 for the smallest negative angles


def meridian(arrow: complex) -> float | None:
    """-180 to 180 degrees; None where arrows have cancelled each other out."""
    return None if abs(arrow) < CANCELLED else math.degrees(cmath.phase(arrow))


def scale(name: str, how: How) -> Scale | None:
    """Of a quantity that is averaged in this way; None where values add up as they are."""
    if how is How.ENERGY:
        return Scale(power, level)
    if how is How.VECTOR:
        return Scale(arrow, meridian if name.partition("_")[0] == "longitude" else direction)
    return None
