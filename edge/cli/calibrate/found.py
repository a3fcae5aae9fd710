"""What a calibration found: a curve through pairs, looked at twice."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from edge.calibration.calibrating import PAIRS
from edge.cli import exits
from edge.maths.curve import Curve
from edge.maths.fit import Pair, Pairs, doubt, fitted, goodness, residuals


@dataclass(frozen=True, slots=True)
class Found:
    """A curve, and the pairs of readings and true values that it was made of, in order of the readings."""

    curve: Curve
    pairs: Pairs

    def left(self) -> Iterator[tuple[Pair, float]]:
        """The residuals of the pairs that a record holds: of more, every second or third and so on."""
        step = -(-len(self.pairs) // PAIRS)
        yield from list(zip(self.pairs, residuals(self.curve, self.pairs), strict=True))[::step]

    def as_dict(self) -> dict[str, Any]:
        """For the record."""
        kept = [list(pair) for pair, _ in self.left()]
        return {"curve": self.curve.keys(), "pairs": kept, "goodness": goodness(self.curve, self.pairs).as_dict()}


def found(pairs: Pairs, how: str | None, *, force: bool) -> Found:
    """The curve through the pairs: a line, or an offset for one pair, if nothing else is asked for.

    Raises ``Failure`` for pairs that make none, and for a slope that no sound sensor has unless ``force`` is given.
    """
    if not pairs:
        raise exits.Failure("there is no point yet: edge calibrate SENSOR QUANTITY --at TRUE", exits.USAGE)
    try:
        curve = fitted(pairs, how or ("line" if len(pairs) > 1 else "offset"))
        odd = doubt(curve, pairs)
    except ValueError as error:
        raise exits.Failure(f"{error}. Nothing was changed", exits.USAGE) from None
    if odd and not force:
        raise exits.Failure(f"{odd}. Nothing was changed; if it is right: --force", exits.USAGE)
    return Found(curve, sorted(pairs))
