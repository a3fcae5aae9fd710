"""Calibration curves: ``value = curve(raw)``, always the same number for the same raw value and the same keys."""

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

DEGREE = 9  # of a polynomial at most; more follows the noise of the points it was made of
POINTS = 256  # of a table at most


class Curve(Protocol):
    """From what a device said to what is true, in one unit."""

    def __call__(self, raw: float) -> float:
        """The true value; not finite where the arithmetic runs over."""

    def covers(self, raw: float) -> bool:
        """Whether it was calibrated there."""

    def keys(self) -> dict[str, Any]:
        """What ``curve`` makes the same curve of, for a record."""


@dataclass(frozen=True, slots=True)
class Line:
    """``gain * raw + offset``."""

    gain: float = 1.0
    offset: float = 0.0

    def __call__(self, raw: float) -> float:
        """On the line."""
        return raw * self.gain + self.offset

    def covers(self, raw: float) -> bool:
        """Everywhere."""
        return True

    def keys(self) -> dict[str, Any]:
        """Gain and offset."""
        return {"gain": self.gain, "offset": self.offset}


@dataclass(frozen=True, slots=True)
class Polynomial:
    """``c0 + c1 raw + c2 raw^2 ...``, evaluated from the highest power down (Horner)."""

    coefficients: tuple[float, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.coefficients) <= DEGREE + 1:
            raise ValueError(f"'coefficients' has {len(self.coefficients)} numbers, not 1 to {DEGREE + 1}")

    def __call__(self, raw: float) -> float:
        """On the curve."""
        value = 0.0
        for coefficient in reversed(self.coefficients):
            value = value * raw + coefficient
        return value

    def covers(self, raw: float) -> bool:
        """Everywhere."""
        return True

    def keys(self) -> dict[str, Any]:
        """The coefficients, that of the constant first."""
        return {"coefficients": list(self.coefficients)}


@dataclass(frozen=True, slots=True)
class Steps:
    """Straight lines between points of raw and true value, in order of raw; outside, the nearest line goes on."""

    points: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        if not 2 <= len(self.points) <= POINTS:
            raise ValueError(f"'points' has {len(self.points)} of them, not 2 to {POINTS}")
        for (low, _), (high, _) in zip(self.points, self.points[1:], strict=False):
            if low >= high:
                raise ValueError(f"'points' must stand in order of their raw values: {high:g} comes after {low:g}")

    def __call__(self, raw: float) -> float:
        """On the line between the two points around it; exactly true in a point."""
        at = bisect_right(self.points, raw, key=lambda point: point[0])
        (low, below), (high, above) = self.points[max(0, min(at, len(self.points) - 1) - 1) :][:2]
        share = (raw - low) / (high - low)
        return below * (1 - share) + above * share

    def covers(self, raw: float) -> bool:
        """From the first point to the last."""
        return self.points[0][0] <= raw <= self.points[-1][0]

    def keys(self) -> dict[str, Any]:
        """The points."""
        return {"points": [list(point) for point in self.points]}


def curve(keys: Mapping[str, Any]) -> Curve:
    """The curve of ``gain`` and ``offset``, of ``coefficients`` or of ``points``; of none of them the raw value itself.

    Raises ``ValueError`` for several of them at once and for numbers that make no curve.
    """
    given = [name for names in (("gain", "offset"), ("coefficients",), ("points",)) for name in names if name in keys]
    if len(given) > 1 and given != ["gain", "offset"]:
        raise ValueError(f"{' and '.join(repr(name) for name in given)} exclude each other")
    if "points" in keys:
        return Steps(tuple((_number(raw), _number(true)) for raw, true in keys["points"]))
    if "coefficients" in keys:
        return Polynomial(tuple(_number(item) for item in _listed(keys["coefficients"])))
    return Line(_number(keys.get("gain", 1.0)), _number(keys.get("offset", 0.0)))


def formula(law: Curve) -> str:
    """A curve in short, for people: ``0.96 x - 0.1``."""
    if isinstance(law, Line):
        return _terms((law.offset, law.gain))
    if isinstance(law, Polynomial):
        return _terms(law.coefficients)
    points = law.keys()["points"]
    return f"table of {len(points)} points, {points[0][0]:g} .. {points[-1][0]:g}"


def _terms(coefficients: tuple[float, ...]) -> str:
    text = ""
    for power, factor in reversed(list(enumerate(coefficients))):
        if not factor:
            continue
        sign = ("-" if factor < 0 else "") if not text else " - " if factor < 0 else " + "
        number = "" if power and abs(factor) == 1 else f"{abs(factor):.5g} "
        text += sign + (number + ("", "x", f"x^{power}")[min(power, 2)]).strip()
    return text or "0"


def _listed(items: Sequence[Any]) -> Sequence[Any]:
    if isinstance(items, str):
        raise ValueError("a list of numbers is wanted, not a text")
    return items


def _number(item: Any) -> float:
    if isinstance(item, bool) or not isinstance(item, (int, float)) or not math.isfinite(item):
        raise ValueError(f"{item!r} is not a finite number")
    return float(item)
