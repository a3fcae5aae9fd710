"""Sensirion SEN50, SEN54 and SEN55 environmental sensor nodes (data sheet version 2, chapters 5 and 6)."""

from collections.abc import Mapping
from contextlib import suppress

from drivers.bus import Wire
from drivers.driver import Measurement, Timing
from drivers.errors import BusError, NoData
from drivers.option import Option
from drivers.quality import NONE, Reason
from drivers.quantity import Quantity
from drivers.sensirion import Resettable, command, text, words

BEGIN, STOP, READY, READ, STATUS, OFFSET = 0x0021, 0x0104, 0x0202, 0x03C4, 0xD206, 0x60B2
NAME, SERIAL = 0xD014, 0xD033
CLEANING, OPTICS, CLIMATE, GAS = 1 << 19, 1 << 21 | 1 << 5 | 1 << 4, 1 << 6, 1 << 7  # bits of the status
FIELDS = (  # in the order of the words: quantity, divisor, word for unknown, what it hangs on
    *((Quantity(name, "ug/m3", 0, 1000, 1), 10, 0xFFFF, OPTICS) for name in ("pm1", "pm2_5", "pm4", "pm10")),
    (Quantity("humidity", "%RH", 0, 100, 2), 100, 0x7FFF, CLIMATE),
    (Quantity("temperature", "Cel", -10, 50, 2), 200, 0x7FFF, CLIMATE),
    *((Quantity(name, "1", 1, 500, 1), 10, 0x7FFF, GAS) for name in ("voc_index", "nox_index")),
)


class SEN5x(Resettable):
    """I2C at 0x69, at most 100 kHz, values each second; a model gives what it has: SEN50 masses, SEN54 all but NOx.

    Masses need 30 s and pause for 10 s a week, when the fan is blown; NOx needs 11 s, the VOC index learns for hours.
    """

    wire = Wire("i2c", addresses=(0x69,))
    measures = tuple(field[0] for field in FIELDS)
    timing = Timing(warmup=30.0, interval=1.0, timeout=15.0)
    soft_reset = (command(0xD304), 1.0)  # until it has booted
    options = (Option("temperature_offset", float, 0.0, "added inside, against its own warmth", "Cel", -10, 10),)

    def start(self) -> None:
        """Stops what an earlier run began, sets the offset and begins anew."""
        with suppress(BusError):
            self.transfer(command(STOP), pause=0.16)
        if offset := round(200 * self.set["temperature_offset"]) & 0xFFFF:
            self.transfer(command(OFFSET, offset, 0, 0), pause=0.02)
        self.transfer(command(BEGIN), pause=0.05)

    def identity(self) -> Mapping[str, str]:
        """Product name and serial number."""
        asked = {"model": NAME, "serial": SERIAL}
        return {key: text(self.transfer(command(code), 48, 0.02), 16) for key, code in asked.items()}

    def read(self) -> Measurement:
        """Eight words, once there is something new, signed but for the masses; and the status."""
        if not words(self.transfer(command(READY), 3, 0.02), 1)[0]:
            raise NoData("the sensor has nothing new")
        got = words(self.transfer(command(READ), 24, 0.02), 8)
        high, low = words(self.transfer(command(STATUS), 6, 0.02), 2)
        status, values, flags = high << 16 | low, dict[str, float](), dict[str, Reason]()
        for word, (quantity, divisor, unknown, part) in zip(got, FIELDS, strict=True):
            if word != unknown and not (status & CLEANING and part == OPTICS):
                values[quantity.name] = (word - 0x10000 if word > unknown else word) / divisor
                flags[quantity.name] = Reason.SENSOR_FAULT if status & part else NONE
        masses = {name: value for name, value in values.items() if name.startswith("pm")}
        if list(masses.values()) != sorted(masses.values()):
            flags |= {name: flags[name] | Reason.INCONSISTENT for name in masses}
        return Measurement(values, {name: reason for name, reason in flags.items() if reason})

    def stop(self) -> None:
        """Laser, fan and heater off."""
        self.transfer(command(STOP))
