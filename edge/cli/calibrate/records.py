"""How calibration records are told to people."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from edge.cli import words
from edge.maths.curve import Curve, curve, formula


def law(record: Mapping[str, Any]) -> Curve:
    """The curve of a record as it comes from the node."""
    return curve(record["curve"])


def day(utc: float | None) -> str:
    """A date, in UTC."""
    return "date not known" if utc is None else f"{datetime.fromtimestamp(utc, UTC):%Y-%m-%d}"


def residual(off: float) -> str:
    """A residual without the noise of binary fractions."""
    return f"{round(off, 9) + 0.0:.3g}"


def points(pairs: Sequence[Sequence[float]]) -> str:
    """Pairs of readings and true values, as they are written on the command line."""
    return " ".join(f"{true:g}={raw:.6g}" for raw, true in pairs)


def lines(sensor: str, known: Mapping[str, Any], only: str | None) -> Iterator[str]:
    """All records of a sensor, the newest first, quantity by quantity."""
    yield f"{sensor}  part {known['part'] or 'tells no serial number: records go by the name of the sensor'}"
    for quantity in known["quantities"]:
        found = [one for one in known["records"] if one["quantity"] == quantity]
        captured = known["captured"].get(quantity, [])
        if only not in (None, quantity) or not (found or captured):
            continue
        yield f"  {quantity}"
        if captured:
            yield f"    {words.counted(len(captured), 'point')} captured, not finished: {points(captured)}"
        yield from (f"    {_line(one, known)}" for one in reversed(found))
    if not known["records"] and not known["captured"]:
        yield "  no calibration record: values are as the device gives them"


def _line(one: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    number = one["number"]
    if number == known["in_force"].get(one["quantity"]):
        state = "in force"
    else:
        state = f"of {one['part']}" if one["part"] not in ("", known["part"]) else "replaced"
    if one["curve"] is None:
        return f"{number:3}  {day(one['since'])}  {state:9} taken back by {one['by']}: raw values"
    parts = [f"{formula(law(one))} {words.unit(one['unit'])}", f"by {one['by']}", well(one)]
    parts += [f"due {day(one['due'])}"] if one["lasts"] else []
    parts += [f"{name} {one[name]}" for name in ("certificate", "reference") if one[name]]
    parts += [f"as no {one['restores']}"] if one["restores"] else []
    return f"{number:3}  {day(one['since'])}  {state:9} " + " · ".join(part for part in parts if part)


def well(one: Mapping[str, Any]) -> str:
    """How well the curve of a record goes through its points."""
    told = one["goodness"]
    if not told:
        return ""
    r2 = "" if told["r2"] is None else f", r2 {told['r2']:.4f}"
    return f"{words.counted(told['count'], 'point')}, residual {residual(told['worst'])}{r2}"
