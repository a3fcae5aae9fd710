"""Sensirion SCD30 carbon dioxide sensor (interface description version 1.0)."""

import struct
from collections.abc import Mapping

from drivers.air.co2 import judged
from drivers.bus import Wire
from drivers.driver import Measurement, Timing
from drivers.errors import NoData
from drivers.option import Option
from drivers.quantity import Quantity
from drivers.sensirion import Resettable, command, version, words

BEGIN, READY, READ, VERSION, RESET = 0x0010, 0x0202, 0x0300, 0xD100, 0xD304
PAUSE = 0.004  # seconds between command and answer: with a stop in between it need not stretch the clock
TOP = 40000  # ppm, where the output ends


class SCD30(Resettable):
    """I2C at 0x61, at most 50 kHz, continuous measurement each 2 s or as it was set; 63 % of a step after 20 s.

    Its settings outlive the power; only the pressure is written, with the command that begins.
    """

    wire = Wire("i2c", addresses=(0x61,))
    measures = (
        Quantity("co2", "ppm", 300, TOP, 1),
        Quantity("temperature", "Cel", -40, 70, 2),
        Quantity("humidity", "%RH", 0, 100, 2),
    )
    timing = Timing(interval=10.0, timeout=10.0)
    soft_reset = (command(RESET), 2.0)  # until it has booted
    options = (Option("pressure", int, None, "of the air at the sensor; not given: 1013", "hPa", 700, 1400),)

    def start(self) -> None:
        """Begins, which is harmless where it has begun already; pressure 0 means no correction."""
        self.transfer(command(BEGIN, self.set["pressure"] or 0))

    def identity(self) -> Mapping[str, str]:
        """The version of its firmware."""
        return {"firmware": version(words(self.transfer(command(VERSION), 3, PAUSE), 1)[0])}

    def read(self) -> Measurement:
        """Three floats of two words each, once the ready word is 1; after a reset the first CO2 is 0."""
        if words(self.transfer(command(READY), 3, PAUSE), 1) != (1,):
            raise NoData("the sensor is still measuring")
        got = words(self.transfer(command(READ), 18, PAUSE), 6)
        co2, temperature, humidity = struct.unpack(">3f", struct.pack(">6H", *got))
        if co2 == 0:
            raise NoData("CO2 is zero: the sensor was just reset")
        return judged({"co2": co2, "temperature": temperature, "humidity": humidity}, TOP)
