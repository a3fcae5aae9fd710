"""What can be asked about calibrations: of a running node, or of its state folder while none runs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import drivers
from edge.calibration.logbook import Logbook
from edge.calibration.record import Record
from edge.clock import Stamp
from edge.maths.curve import curve
from edge.maths.fit import Goodness
from edge.settings import SensorSettings
from edge.state import State

TEXT = 200  # characters that a person may write about a calibration
PAIRS = 32  # points of a record at most; of more, as against a reference sensor, only how well they fit is kept
TEXTS = ("by", "certificate", "reference")
CAPTURES = "captures"
NOWHEN = Stamp("", 0)  # until the logbook says when


class Calibrating:
    """Questions and answers in JSON; what is refused is a ``ValueError`` with the reason."""

    def __init__(self, logbook: Logbook, state: State, sensors: Callable[[], Sequence[SensorSettings]]) -> None:
        self._logbook, self._state, self._sensors = logbook, state, sensors

    def answers(self) -> dict[str, Callable[..., Any]]:
        """By the words that ask for them."""
        return {
            "calibrations": self.calibrations,
            "calibrate": self.calibrate,
            "uncalibrate": self.uncalibrate,
            "capture": self.capture,
        }

    def calibrations(self, sensor: str) -> dict[str, Any]:
        """All records of a sensor, what hangs there, which records are in force, and what was captured so far."""
        quantities = self._measured(sensor)
        captured = {name: pairs for name in quantities if (pairs := self.capture(sensor, name))}
        return {
            "part": self._logbook.part(sensor),
            "quantities": {name: [quantity.unit, quantity.decimals] for name, quantity in quantities.items()},
            "in_force": {name: one.number for name, one in self._logbook.in_force(sensor).items()},
            "captured": captured,
            "records": [one.as_dict() for one in self._logbook.records(sensor)],
        }

    def calibrate(
        self, sensor: str, quantity: str, found: Mapping[str, Any], about: Mapping[str, Any]
    ) -> dict[str, Any]:
        """A new record: ``found`` is its curve, pairs and goodness, ``about`` by, lasts, certificate and reference."""
        unit, lasts = self._unit(sensor, quantity), about.get("lasts")
        by, certificate, reference = (_text(name, about.get(name, "")) for name in TEXTS)
        if not by:
            raise ValueError("a calibration without a name is worth nothing: by whom?")
        if lasts is not None and not lasts > 0:
            raise ValueError("a calibration that is due at once is none")
        pairs = tuple((float(raw), float(true)) for raw, true in found["pairs"])[:PAIRS]
        shape, well = curve(found["curve"]), Goodness(**found["goodness"])
        made = Record(
            0, sensor, "", quantity, unit, shape, NOWHEN, by,
            lasts=lasts, certificate=certificate, reference=reference, pairs=pairs, goodness=well,
        )  # fmt: skip
        return self._logbook.add(made).as_dict()

    def uncalibrate(self, sensor: str, quantity: str, by: str) -> dict[str, Any]:
        """Goes back to the record before."""
        self._unit(sensor, quantity)
        return self._logbook.undo(sensor, quantity, _text("by", by)).as_dict()

    def capture(
        self, sensor: str, quantity: str, pair: Sequence[float] | None = None, drop: bool = False
    ) -> list[list[float]]:
        """The readings and true values captured so far, with one more, or none any more."""
        self._unit(sensor, quantity)
        name, part = f"{sensor}/{quantity}", self._logbook.part(sensor)
        kept = {} if drop else self._state.load(CAPTURES).get(name) or {}
        pairs: list[list[float]] = kept.get("pairs", [])
        if pair is not None:
            if pairs and kept["part"] != part:
                raise ValueError(f"the points so far are of another part ({kept['part']}); drop them: --drop")
            if len(pairs) >= PAIRS:
                raise ValueError(f"there are {PAIRS} points already; that is enough: --finish")
            pairs = [*pairs, [float(pair[0]), float(pair[1])]]
        if drop or pair is not None:
            self._state.save(CAPTURES, {name: {"part": part, "pairs": pairs} if pairs else None})
        return pairs

    def _unit(self, sensor: str, quantity: str) -> str:
        measured = self._measured(sensor)
        if quantity not in measured:
            raise ValueError(f"{sensor} does not measure {quantity!r}; it measures: {', '.join(measured)}")
        return measured[quantity].unit

    def _measured(self, sensor: str) -> dict[str, drivers.Quantity]:
        known = {one.name: one for one in self._sensors()}
        if sensor not in known:
            raise ValueError(f"there is no sensor {sensor!r}; there are: {', '.join(known) or 'none'}")
        found = drivers.load(known[sensor].driver).measured(known[sensor].options)
        return {quantity.name: quantity for quantity in found}


def _text(what: str, text: Any) -> str:
    if not isinstance(text, str) or len(text) > TEXT or not text.isprintable():
        raise ValueError(f"'{what}' is not one line of at most {TEXT} characters")
    return text
