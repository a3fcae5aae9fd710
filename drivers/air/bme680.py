"""Bosch BME680 and BME688 pressure, temperature, humidity and gas sensors (data sheet version 1.9)."""

from collections.abc import Mapping

from drivers.air.bme680_trim import Trim, gas_wait
from drivers.air.bosch import CLIMATE, Chip, inside, registers
from drivers.bus import Wire
from drivers.driver import Measurement, Timing
from drivers.errors import BadData, NoData
from drivers.option import Option
from drivers.quantity import Quantity

CHIP, ID, VARIANT, FIELD = 0x61, 0xD0, 0xF0, 0x1D
TRIM = ((0x8A, 23), (0xE1, 14), (0x00, 5))
NEW, BUSY = 0x80, 0x60
VARIANTS = {0: "BME680", 1: "BME688"}
VALID_AND_STABLE = 0x30


class BME680(Chip):
    """I2C at 0x76 or 0x77; one forced measurement: 11 ms for pressure, temperature, humidity, then the heater.

    The gas resistance is given only when the chip calls it valid and its heater stable. It is a measure of its own
    past: 48 h for a new layer, 30 min after power-on. No check sum: the unused bits have to be zero.
    """

    wire = Wire("i2c", addresses=(0x76, 0x77))
    measures = (*CLIMATE, Quantity("gas_resistance", "Ohm", 100, 150e6))
    timing = Timing(warmup=1800.0, measure=0.17, interval=60.0)
    options = (
        Option("heater", int, 320, "the temperature of the gas layer", "Cel", 200, 400),
        Option("heating", int, 150, "the time it is heated", "ms", 1, 4032),
        Option("ambient", int, 25, "the air that the heater starts from", "Cel", -40, 85),
    )
    trim: Trim | None = None
    variant = 0

    def identity(self) -> Mapping[str, str]:
        """Which of the two it is."""
        variant = self._variant()
        if variant not in VARIANTS:
            raise BadData(f"0x{variant:02x} is no variant of a BME680")
        return {"model": VARIANTS[variant]}

    def trigger(self) -> None:
        """Asks a new chip who it is, then has it heat and measure: each once, no filter."""
        trim = self.trim = self.trim or self._identify()
        heat, wait = trim.heat(self.set["heater"], self.set["ambient"]) & 0xFF, gas_wait(self.set["heating"])
        run = 0x20 if self.variant else 0x10
        self.transfer(bytes((0x72, 1, 0x75, 0, 0x5A, heat, 0x64, wait, 0x70, 0, 0x71, run, 0x74, 0x25)))

    def read(self) -> Measurement:
        """Field 0: status, pressure, temperature, humidity, gas (elsewhere in a BME688)."""
        field = registers(self, FIELD, 17)
        if self.trim is None or not field[0] & NEW or field[0] & BUSY:
            raise NoData("the chip is still measuring")
        values = self.trim.climate(field)
        high, low = field[15:17] if self.variant else field[13:15]
        if low & VALID_AND_STABLE == VALID_AND_STABLE:
            values["gas_resistance"] = self.trim.ohms(high << 2 | low >> 6, low & 0x0F, self.variant)
        return inside(values, self.measures)

    def _identify(self) -> Trim:
        self.variant = self._variant()
        return Trim.parse(b"".join(registers(self, *block) for block in TRIM))

    def _variant(self) -> int:
        chip = registers(self, ID, 1)[0]
        if chip != CHIP:
            raise BadData(f"chip 0x{chip:02x} is no BME680 (0x60 is a BME280, 0x58 a BMP280)")
        return registers(self, VARIANT, 1)[0]
