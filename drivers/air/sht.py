"""Sensirion SHT30, SHT31, SHT35 and SHT40, SHT41, SHT45 (data sheets, version 6): temperature and humidity."""

from collections.abc import Mapping
from typing import ClassVar

from drivers.bus import Wire
from drivers.driver import Measurement, Timing
from drivers.option import Option
from drivers.quality import NONE, Reason
from drivers.quantity import Quantity
from drivers.sensirion import Numbered, Resettable, celsius, percent, words

ENDS = (0, 0xFFFF)


class SHT3x(Resettable, Numbered):
    """One shot without clock stretching, 6 bytes. A temperature at either end is a fault, a humidity there a stop."""

    wire = Wire("i2c", addresses=(0x44, 0x45))
    measures = (Quantity("temperature", "Cel", -40, 125, 2), Quantity("humidity", "%RH", 0, 100, 2))
    timing = Timing(measure=0.0155, interval=10.0)
    options = (
        Option("repeatability", str, "high", "less noise or less heat of its own", choices=("high", "medium", "low")),
    )
    commands: ClassVar[Mapping[str, bytes]] = {"high": b"\x24\x00", "medium": b"\x24\x0b", "low": b"\x24\x16"}
    number = (b"\x37\x80", 2)
    soft_reset = (b"\x30\xa2", 0.0015)

    def trigger(self) -> None:
        """One measurement, clock stretching and heater off."""
        self.transfer(self.commands[self.set["repeatability"]])

    def read(self) -> Measurement:
        """Temperature word, humidity word; no acknowledge means that there is no such device."""
        temperature, word = words(self.transfer(b"", 6), 2)
        humidity, stopped = self.humidity(word)
        fault = Reason.SENSOR_FAULT if temperature in ENDS else NONE
        flags = {"temperature": fault, "humidity": fault | (Reason.SATURATED if stopped else NONE)}
        values = {"temperature": celsius(temperature), "humidity": humidity}
        return Measurement(values, {name: reason for name, reason in flags.items() if reason})

    def humidity(self, word: int) -> tuple[float, bool]:
        """%RH of a word, and whether it has met its stop."""
        return percent(word), word in ENDS


class SHT4x(SHT3x):
    """As the SHT3x with commands of one byte; its humidity formula reaches from -6 to 119 %RH and is clamped."""

    grade = "R"
    wire = Wire("i2c", addresses=(0x44, 0x45, 0x46))
    timing = Timing(measure=0.01, interval=10.0)
    commands = {"high": b"\xfd", "medium": b"\xf6", "low": b"\xe0"}  # noqa: RUF012 - declared above
    number = (b"\x89", 2)
    soft_reset = (b"\x94", 0.001)

    def humidity(self, word: int) -> tuple[float, bool]:
        """-6 to 119 %RH, clamped."""
        reached = -6 + 125 * word / 0xFFFF
        return min(max(reached, 0.0), 100.0), not 0 <= reached <= 100
