"""A calibration record: what was found when a sensor was held against something better, and what follows for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edge.clock import Stamp
from edge.maths.curve import Curve, curve, formula
from edge.maths.fit import Goodness, Pair


@dataclass(frozen=True, slots=True)
class Record:
    """One calibration of one quantity of one part, in force from ``at`` until the next one of the same part.

    ``part`` is ``<driver> <serial number>``, or "" where the part tells none: then it holds for whatever hangs there
    under the name of the sensor. ``since`` and ``made`` are dates in seconds since 1970 from when it is in force and
    when it was made, None as long as nobody knows; ``lasts`` are seconds until it is due again. ``pairs`` are readings
    and true values. ``curve`` is None where a calibration was taken back and there was none before; ``restores`` is the
    number of the record that this one brings back, 0 for one of its own.
    """

    number: int
    sensor: str
    part: str
    quantity: str
    unit: str
    curve: Curve | None
    at: Stamp
    by: str
    since: float | None = None
    made: float | None = None
    lasts: float | None = None
    certificate: str = ""
    reference: str = ""
    pairs: tuple[Pair, ...] = ()
    goodness: Goodness | None = None
    restores: int = 0

    @property
    def due(self) -> float | None:
        """The date in seconds since 1970 when it should be made anew; None while that is not known."""
        return None if self.made is None or self.lasts is None else self.made + self.lasts

    @property
    def about(self) -> str:
        """In short, for people: ``0.96 x - 0.1, no 3 by A. Ito``."""
        return f"{'raw' if self.curve is None else formula(self.curve)}, no {self.number} by {self.by}"

    def overdue(self, utc: float | None) -> bool:
        """Whether it should have been made anew by then; never as long as one of the dates is not known."""
        return utc is not None and self.due is not None and utc > self.due

    def holds_for(self, sensor: str, part: str) -> bool:
        """Whether it was made of the part that hangs there now."""
        return self.part == part if self.part else self.sensor == sensor

    def as_dict(self) -> dict[str, Any]:
        """For the state, for messages and for machines."""
        return {
            "number": self.number,
            "sensor": self.sensor,
            "part": self.part,
            "quantity": self.quantity,
            "unit": self.unit,
            "curve": self.curve and self.curve.keys(),
            "at": list(self.at),
            "since": self.since,
            "made": self.made,
            "lasts": self.lasts,
            "due": self.due,
            "by": self.by,
            "certificate": self.certificate,
            "reference": self.reference,
            "pairs": [list(pair) for pair in self.pairs],
            "goodness": self.goodness and self.goodness.as_dict(),
            "restores": self.restores,
        }


def record(saved: Mapping[str, Any]) -> Record:
    """The record that ``as_dict`` gave. Raises ``ValueError``, ``TypeError`` or ``KeyError`` for anything else."""
    fields = {name: value for name, value in saved.items() if name != "due"}
    fields["curve"] = saved["curve"] and curve(saved["curve"])
    fields["at"] = Stamp(*saved["at"])
    fields["pairs"] = tuple((float(raw), float(true)) for raw, true in saved["pairs"])
    fields["goodness"] = saved["goodness"] and Goodness(**saved["goodness"])
    return Record(**fields)
