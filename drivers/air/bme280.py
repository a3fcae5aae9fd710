"""Bosch BME280 and BMP280 pressure, temperature and humidity sensors (data sheet BME280 version 1.6)."""

from collections.abc import Mapping

from drivers.air.bme280_trim import Trim, celsius
from drivers.air.bosch import CLIMATE, Chip, inside, registers, sample16, sample20
from drivers.bus import Wire
from drivers.driver import Measurement, Timing
from drivers.errors import BadData, NoData

ID, TRIM, HUMID_TRIM, STATUS, DATA = 0xD0, 0x88, 0xE1, 0xF3, 0xF7
CHIPS = {0x60: "BME280", 0x58: "BMP280", 0x56: "BMP280", 0x57: "BMP280"}  # the last two are samples
FORCED = b"\xf2\x01\xf4\x25"  # humidity once, then temperature once, pressure once, go
MEASURING, COPYING = 0x08, 0x01


class BME280(Chip):
    """I2C at 0x76 or 0x77; one forced measurement without oversampling or filter takes 9.3 ms.

    A BMP280, often sold in its place, gives no humidity. There is no check sum: the unused bits have to be zero.
    """

    grade = "R"
    wire = Wire("i2c", addresses=(0x76, 0x77))
    measures = CLIMATE
    timing = Timing(measure=0.01, interval=60.0)
    trim: Trim | None = None

    def identity(self) -> Mapping[str, str]:
        """Which of the two it is."""
        return {"model": self._model()}

    def trigger(self) -> None:
        """Asks a new chip who it is, then has it measure."""
        self.trim = self.trim or self._identify()
        self.transfer(FORCED)

    def read(self) -> Measurement:
        """Three samples, refused where the chip skipped one; limits of the data sheet where a formula passes them."""
        status = registers(self, STATUS, 1)[0]
        if self.trim is None or status in (MEASURING, COPYING, MEASURING | COPYING):
            raise NoData("the chip is still measuring")
        if status:
            raise BadData(f"0x{status:02x} is no status")
        data = registers(self, DATA, 8)
        fine = self.trim.fine(sample20(data[3:6]))
        values = {"temperature": celsius(fine), "pressure": self.trim.hectopascals(sample20(data[:3]), fine)}
        if self.trim.h:
            values["humidity"] = self.trim.percent(sample16(data[6:]), fine)
        return inside(values, self.measures)

    def _identify(self) -> Trim:
        humid = self._model() == "BME280"
        return Trim.parse(registers(self, TRIM, 26), registers(self, HUMID_TRIM, 7) if humid else b"")

    def _model(self) -> str:
        chip = registers(self, ID, 1)[0]
        if chip not in CHIPS:
            raise BadData(f"chip 0x{chip:02x} is neither a BME280 nor a BMP280 (0x61 is a BME680)")
        return CHIPS[chip]
