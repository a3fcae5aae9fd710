"""Water, gas and heat meters after CJ/T 188 (2004 and 2018)."""

import re
from collections.abc import Mapping
from typing import Any

from drivers.bus import Stream, Wire
from drivers.driver import Driver, Measurement, Timing
from drivers.flow.cjt188_frames import HEAT, TYPES, WATER, heat, listen, request, water
from drivers.modbus import drain
from drivers.option import Option
from drivers.quantity import Quantity


class CJT188(Driver):
    """RS-485 or M-Bus level, 2400 baud, even parity. Option ``kind`` says whether volume or heat is read.

    ``meter`` is the number of 14 digits; without it the one meter on the line answers. A valve that does not move is
    a SENSOR_FAULT, a flat battery MAINTENANCE.
    """

    wire = Wire("port", baud=2400, parity="E", shared=True)
    measures = WATER
    timing = Timing(interval=900.0)
    options = (
        Option("kind", str, "cold", "what the meter measures", choices=tuple(TYPES)),
        Option("meter", str, "", "number on the plate, vendor code first: 14 digits; empty: whoever is on the line"),
        Option("order", str, "2018", "year of the standard: 2004 sends 90 1F, 2018 1F 90", choices=("2004", "2018")),
        Option("flow_decimals", int, 4, "of the flow of a heat meter; makes differ", low=3, high=4),
    )

    def __init__(self, bus: Stream, **options: Any) -> None:
        super().__init__(bus, **options)
        self.stream = bus
        self._late = False  # an answer may still be under way

    @classmethod
    def measured(cls, options: Mapping[str, Any]) -> tuple[Quantity, ...]:
        """A heat meter gives more. Raises ``ValueError`` for a number that is none."""
        if not re.fullmatch(r"([0-9]{14})?", options.get("meter", "")):
            raise ValueError(f"'meter' = {options['meter']!r} is not a number of 14 digits")
        return HEAT if options.get("kind") in ("heat", "cooling") else cls.measures

    def read(self) -> Measurement:
        """One question, one answer; after a failure the line must have fallen silent first."""
        if self._late:
            drain(self.stream)
        self._late = True
        question = request(TYPES[self.set["kind"]], self.set["meter"], self.set["order"])
        self.stream.write(question)
        answer = listen(self.stream, question, self.set["meter"])
        self._late = False
        hot = self.set["kind"] in ("heat", "cooling")
        return heat(answer.data, self.set["flow_decimals"]) if hot else water(answer.data)
