"""Sensirion SHT30, SHT31 and SHT35 temperature and humidity sensors (data sheet version 6, chapter 4)."""

from drivers.bus import Wire
from drivers.driver import I2CDriver, Measurement, Timing
from drivers.option import Option
from drivers.quality import NONE, Reason
from drivers.quantity import Quantity
from drivers.sensirion import words

COMMANDS = {"high": b"\x24\x00", "medium": b"\x24\x0b", "low": b"\x24\x16"}
ENDS = (0, 0xFFFF)


class SHT3x(I2CDriver):
    """I2C at 0x44 or 0x45, one shot without clock stretching: 15.5 ms at high repeatability, then 6 bytes.

    A temperature word at either end (-45 or 130 Cel) is no weather but a fault; a humidity of exactly
    0 or 100 %RH has met its stop.
    """

    wire = Wire("i2c", addresses=(0x44, 0x45))
    measures = (Quantity("temperature", "Cel", -40, 125, 2), Quantity("humidity", "%RH", 0, 100, 2))
    timing = Timing(measure=0.0155, interval=10.0)
    options = (
        Option("repeatability", str, "high", "less noise or less heat of its own", choices=("high", "medium", "low")),
    )

    def trigger(self) -> None:
        """Single shot, clock stretching off."""
        self.transfer(COMMANDS[self.set["repeatability"]])

    def read(self) -> Measurement:
        """Temperature word, humidity word; no acknowledge means that there is no such device."""
        temperature, humidity = words(self.transfer(b"", 6), 2)
        values = {"temperature": -45 + 175 * temperature / 0xFFFF, "humidity": 100 * humidity / 0xFFFF}
        fault = Reason.SENSOR_FAULT if temperature in ENDS else NONE
        stop = Reason.SATURATED if humidity in ENDS else NONE
        flags = {"temperature": fault, "humidity": fault | stop}
        return Measurement(values, {name: reason for name, reason in flags.items() if reason})
