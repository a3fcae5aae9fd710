"""Yosemitech water probes and the many alike that speak the same protocol (user manuals Y504 to Y4000)."""

from collections.abc import Mapping
from typing import Any

from drivers.driver import Measurement, Timing
from drivers.errors import BadData, NoData
from drivers.modbus import ModbusDriver
from drivers.option import Option
from drivers.quality import Reason
from drivers.quantity import Quantity
from drivers.water.yosemitech_models import ALIKE, MODELS, STARTS, TEMPERATURE, TURBIDITY, floats, model


class Yosemitech(ModbusDriver):
    """RS-485, 9600 baud, unit 1; floats with the low byte first. Option ``model`` says what is measured.

    Optical models are started once and again after a silence; the slowest is steady 50 s after that. An error code
    flags all values; -9999 and NaN are a channel without a value.
    """

    measures = (TEMPERATURE, TURBIDITY)
    timing = Timing(warmup=50.0, interval=10.0)
    options = (
        Option("model", str, "y511", "as on the label of the probe", choices=tuple(sorted((*MODELS, *ALIKE)))),
        Option("start", bool, True, "start the measurement; newer firmware measures by itself"),
    )

    @classmethod
    def measured(cls, options: Mapping[str, Any]) -> tuple[Quantity, ...]:
        """What the model measures."""
        blocks = MODELS[model(options.get("model", "y511"))]
        return tuple(quantity for _, _, quantities in blocks for quantity in quantities if quantity)

    def prepare(self) -> None:
        """Starts an optical model: a read of no registers at 0x2500, for conductivity a write of none at 0x1C00."""
        match STARTS.get(model(self.set["model"])) if self.set["start"] else None:
            case "read":
                self.modbus.read(0x2500, 0)
            case "write":
                self.modbus.write_many(0x1C00, b"")

    def read(self) -> Measurement:
        """All blocks of the model."""
        values: dict[str, float] = {}
        fault = False
        try:
            for register, words, quantities in MODELS[model(self.set["model"])]:
                data = self.modbus.read(register, words)
                values |= floats(data, quantities)
                rest = data[4 * len(quantities) :]
                fault |= any(rest[:1] if quantities else rest)
        except NoData:
            self.prepared = False
            raise
        if not values:
            raise BadData("no channel has a value")
        return Measurement(values, dict.fromkeys(values, Reason.SENSOR_FAULT) if fault else {})
