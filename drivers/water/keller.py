"""Keller pressure and level probes of the series 30, 33 and 36 (protocol manual version 3, chapter 4.4)."""

import math
from collections.abc import Mapping
from typing import Any

from drivers.driver import Timing
from drivers.errors import BadData
from drivers.modbus import ModbusDriver, number
from drivers.option import Option
from drivers.quantity import Quantity

P1, TOB1 = 0x0002, 0x0008  # bar and Cel, two registers each; early firmware gives no more than two at once
PRESSURE = (Quantity("pressure_water", "hPa", -1000, 31000, 2), Quantity("water_temperature", "Cel", -20, 85, 2))
LEVEL = Quantity("level", "m", -0.5, 300, 4)


def density(celsius: float) -> float:
    """kg/m3 of fresh water (Tanaka 2001 without the pressure term; 999.97 at 4 Cel)."""
    return 999.97495 * (1 - (celsius - 3.983035) ** 2 * (celsius + 301.797) / (522528.9 * (celsius + 69.34881)))


class Keller(ModbusDriver):
    """RS-485, 9600 baud, unit 1. Gives P1 and its temperature; of a gauge probe also the water above it.

    A channel that is off or beyond its range is sent as NaN and refused. Level is P1 / (density x gravity) and begins
    at the probe; an absolute probe gives none, because the barometer is elsewhere.
    """

    measures = (LEVEL, *PRESSURE)
    timing = Timing(warmup=5.5, interval=60.0)
    options = (
        Option("reference", str, "gauge", "what P1 counts from: air (vented) or vacuum", choices=("gauge", "absolute")),
        Option("density", float, None, "of the water; by its temperature if not given", "kg/m3", 900, 1300),
        Option("gravity", float, 9.80665, "of the place", "m/s2", 9.76, 9.84),
    )

    @classmethod
    def measured(cls, options: Mapping[str, Any]) -> tuple[Quantity, ...]:
        """An absolute probe gives no level."""
        return PRESSURE if options.get("reference") == "absolute" else cls.measures

    def read(self) -> dict[str, float]:
        """Two floats, each in a question of its own."""
        bar, celsius = (number(self.modbus.read(register, 2), "f32") for register in (P1, TOB1))
        if math.isnan(bar) or math.isnan(celsius):
            raise BadData(f"{'P1' if math.isnan(bar) else 'TOB1'} is not a number: the channel is off or out of range")
        values = {"pressure_water": bar * 1000, "water_temperature": celsius}
        if self.set["reference"] == "gauge":
            values["level"] = bar * 1e5 / ((self.set["density"] or density(celsius)) * self.set["gravity"])
        return values
