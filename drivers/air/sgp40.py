"""Sensirion SGP40 gas sensor (data sheet version 1.2, chapter 3)."""

from typing import ClassVar

from drivers.bus import Wire
from drivers.driver import Measurement, Timing
from drivers.option import Option
from drivers.quality import Reason
from drivers.quantity import Quantity
from drivers.sensirion import Numbered, command, words

HEATER_OFF = 0x3615
ENDS = (0, 0xFFFF)


class SGP40(Numbered):
    """I2C at 0x59, to be asked each second: 30 ms after the question the raw signal of volatile organic compounds.

    The signal falls with the logarithm of the concentration and means something only beside its own past.
    """

    wire = Wire("i2c", addresses=(0x59,))
    measures: ClassVar[tuple[Quantity, ...]] = (Quantity("voc_raw", "1", 1, 0xFFFE),)
    timing = Timing(warmup=45.0, measure=0.03, interval=1.0)
    options: ClassVar[tuple[Option, ...]] = (
        Option("humidity", float, 50.0, "of the air at the sensor", "%RH", 0, 100),
        Option("temperature", float, 25.0, "of the air at the sensor", "Cel", -45, 130),
    )
    inputs = ("humidity", "temperature")
    number = (command(0x3682), 3)
    code = 0x260F
    expected = 1  # words in the next answer

    def trigger(self) -> None:
        """Asks, and tells the climate that the signal is corrected for."""
        self.transfer(command(self.code, *self.climate()))

    def climate(self) -> tuple[int, int]:
        """Humidity and temperature as words."""
        return round(self.set["humidity"] * 0xFFFF / 100), round((self.set["temperature"] + 45) * 0xFFFF / 175)

    def read(self) -> Measurement:
        """A word a signal; one at either end is a fault."""
        got = words(self.transfer(b"", 3 * self.expected), self.expected)
        values = {quantity.name: float(word) for quantity, word in zip(self.measures, got, strict=False)}
        return Measurement(values, {name: Reason.SENSOR_FAULT for name, value in values.items() if value in ENDS})

    def stop(self) -> None:
        """Turns the hotplate off."""
        self.transfer(command(HEATER_OFF))
