"""Fits a calibration curve to pairs of what a device read and what was true, and says how well it goes."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from edge.maths.curve import Curve, Line, Polynomial, Steps

Pair = tuple[float, float]  # what the device read, and what was true
Pairs = Sequence[Pair]

STEEPEST = 2.0  # a sensor that is off by more than this factor is broken, or the pairs are
MANY, FOLLOWS = 10, 0.9  # of so many pairs r2 must be this, or a slope says little about other readings


@dataclass(frozen=True, slots=True)
class Goodness:
    """How well a curve goes through its pairs: residuals in the unit of the quantity, and r2 (1 is perfect).

    ``r2`` is None where all true values are the same.
    """

    count: int
    rms: float
    worst: float
    r2: float | None

    def as_dict(self) -> dict[str, Any]:
        """For a record."""
        return asdict(self)


def fitted(pairs: Pairs, how: str) -> Curve:
    """The curve of a kind of ``FITS`` through pairs. Raises ``ValueError`` for pairs that do not make one."""
    least, fit = FITS[how]
    different = len({raw for raw, _ in pairs})
    if different < least:
        raise ValueError(f"a {how} needs {least} points with different readings, and there {_are(different)}")
    return fit(sorted(pairs))


def residuals(curve: Curve, pairs: Pairs) -> list[float]:
    """What the curve gives less what was true, pair by pair."""
    return [curve(raw) - true for raw, true in pairs]


def goodness(curve: Curve, pairs: Pairs) -> Goodness:
    """How well the curve goes through the pairs."""
    off = residuals(curve, pairs)
    mean = math.fsum(true for _, true in pairs) / len(pairs)
    around = math.fsum((true - mean) ** 2 for _, true in pairs)
    left = math.fsum(one * one for one in off)
    r2 = 1 - left / around if around else None
    return Goodness(len(pairs), math.sqrt(left / len(pairs)), max(map(abs, off)), r2)


def doubt(curve: Curve, pairs: Pairs) -> str | None:
    """Why one should look twice before a curve is used: it is far from 1:1, or a guess. None where it is neither.

    Raises ``ValueError`` where no sensor is like that: the true value does not go one way with the reading.
    """
    slopes = _slopes(curve, pairs)
    if slopes and min(slopes) <= 0 <= max(slopes):
        raise ValueError(
            "the true value does not always rise, or always fall, with the reading: look for a mixed up pair"
        )
    r2 = goodness(curve, pairs).r2
    if slopes and len(pairs) >= MANY and r2 is not None and r2 < FOLLOWS:
        return f"the readings hardly follow the true values (r2 {r2:.2f}): take more of the range, or --fit offset"
    odd = [slope for slope in slopes if not 1 / STEEPEST <= slope <= STEEPEST]
    if not odd:
        return None
    return f"the slope is {odd[0]:.3g} where a sound sensor has about 1: it is broken, or a pair is wrong"


def _slopes(curve: Curve, pairs: Pairs) -> list[float]:
    """The slopes of a curve: of a table between its points, of any other at the lowest and the highest reading."""
    if isinstance(curve, Steps):
        return [(upper - lower) / (high - low) for (low, lower), (high, upper) in pairwise(curve.points)]
    if isinstance(curve, Polynomial):
        return [_rise(curve, raw) for raw in (min(pairs)[0], max(pairs)[0])]
    return [curve.gain] if isinstance(curve, Line) and curve.gain != 1 else []


def _rise(curve: Polynomial, raw: float) -> float:
    return math.fsum(power * c * raw ** (power - 1) for power, c in enumerate(curve.coefficients) if power)


def _offset(pairs: Pairs) -> Curve:
    return Line(1.0, math.fsum(true - raw for raw, true in pairs) / len(pairs))


def _line(pairs: Pairs) -> Curve:
    """Least squares, about the mean, as sums of large numbers lose their digits."""
    middle_raw, middle_true = _means(pairs)
    square = math.fsum((raw - middle_raw) ** 2 for raw, _ in pairs)
    gain = math.fsum((raw - middle_raw) * (true - middle_true) for raw, true in pairs) / square
    return Line(gain, middle_true - gain * middle_raw)


def _poly2(pairs: Pairs) -> Curve:
    """Least squares by two orthogonal polynomials over the readings (Forsythe 1957)."""
    middle, _ = _means(pairs)
    square = math.fsum((raw - middle) ** 2 for raw, _ in pairs)
    skew = math.fsum((raw - middle) ** 3 for raw, _ in pairs) / square
    level = square / len(pairs)
    bow = [(raw - middle) ** 2 - skew * (raw - middle) - level for raw, _ in pairs]
    line = _line(pairs)
    bend = math.fsum(one * true for one, (_, true) in zip(bow, pairs, strict=True)) / math.fsum(
        one * one for one in bow
    )
    gain, offset = line.keys()["gain"], line.keys()["offset"]
    constant = offset + bend * (middle * middle + skew * middle - level)
    return Polynomial((constant, gain - bend * (2 * middle + skew), bend))


def _table(pairs: Pairs) -> Curve:
    return Steps(tuple(pairs))


def _means(pairs: Pairs) -> Pair:
    return math.fsum(raw for raw, _ in pairs) / len(pairs), math.fsum(true for _, true in pairs) / len(pairs)


def _are(count: int) -> str:
    return "is 1" if count == 1 else f"are {count}"


# The kinds of fit, with the different readings that each needs.
FITS: Mapping[str, tuple[int, Callable[[Pairs], Curve]]] = {
    "offset": (1, _offset),
    "line": (2, _line),
    "poly2": (3, _poly2),
    "table": (2, _table),
}
