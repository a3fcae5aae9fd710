"""Sensirion SGP30 gas sensor (data sheet version 1.0, chapter 6)."""

import math

from drivers.bus import Wire
from drivers.driver import I2CDriver, Measurement, Timing
from drivers.option import Option
from drivers.quality import Reason
from drivers.quantity import Quantity
from drivers.sensirion import command, words

BEGIN, HUMIDITY, MEASURE = 0x2003, 0x2061, 0x2008
CLIPPED = {"co2_equivalent": 57330, "tvoc": 60000}


class SGP30(I2CDriver):
    """I2C at 0x58, to be asked each second: its own estimate of CO2 (ppm) and of all organic vapours (ppb).

    Both are guesses from hydrogen and ethanol, no measurements. For 15 s it tells 400 and 0; its base line takes
    12 h to settle and is lost with the power.
    """

    wire = Wire("i2c", addresses=(0x58,))
    measures = (Quantity("co2_equivalent", "ppm", 400, 60000), Quantity("tvoc", "ppb", 0, 60000))
    timing = Timing(warmup=15.0, measure=0.012, interval=1.0)
    options = (
        Option("humidity", float, 50.0, "of the air at the sensor", "%RH", 0, 100),
        Option("temperature", float, 25.0, "of the air at the sensor", "Cel", -40, 85),
    )

    def start(self) -> None:
        """Begins anew and tells the absolute humidity that the signals are corrected for."""
        self.transfer(command(BEGIN), pause=0.01)
        grams = absolute_humidity(self.set["temperature"], self.set["humidity"])
        self.transfer(command(HUMIDITY, min(max(round(256 * grams), 1), 0xFFFF)), pause=0.01)

    def trigger(self) -> None:
        """One measurement."""
        self.transfer(command(MEASURE))

    def read(self) -> Measurement:
        """Two words."""
        values = dict(zip(CLIPPED, words(self.transfer(b"", 6), 2), strict=True))
        return Measurement(values, {name: Reason.SATURATED for name, value in values.items() if value >= CLIPPED[name]})


def absolute_humidity(celsius: float, percent: float) -> float:
    """Water in g/m3 (data sheet, section 3.16)."""
    pressure = percent / 100 * 6.112 * math.exp(17.62 * celsius / (243.12 + celsius))
    return 216.7 * pressure / (273.15 + celsius)
