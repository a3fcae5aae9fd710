"""DNMS, the digital noise measurement sensor of sensor.community (Teensy; protocol of its dnms_i2c.h)."""

import struct

from drivers.bus import Wire
from drivers.driver import I2CDriver, Timing
from drivers.errors import NoData
from drivers.quantity import Quantity
from drivers.sensirion import command, words

CALCULATE, READY, READ = 0x0003, 0x0004, 0x0005
PAUSE = 0.002  # seconds between command and answer, with a stop in between
NAMES = ("sound_level", "sound_level_min", "sound_level_max")


class DNMS(I2CDriver):
    """I2C at 0x55: the A-weighted Leq, least and greatest level, in dB, of all the time since it was last asked.

    The first reading reaches back to before the start. Uncorrected; levels are averaged as energies only.
    """

    wire = Wire("i2c", addresses=(0x55,))
    measures = tuple(Quantity(name, "dB", 20, 140, 1) for name in NAMES)
    timing = Timing(measure=0.04, interval=30.0)

    def trigger(self) -> None:
        """Ends the interval; the next one begins."""
        self.transfer(command(CALCULATE))

    def read(self) -> dict[str, float]:
        """Three floats of two words each, once the ready word is not 0."""
        if words(self.transfer(command(READY), 3, PAUSE), 1) == (0,):
            raise NoData("the sensor is still calculating")
        got = words(self.transfer(command(READ), 18, PAUSE), 6)
        return dict(zip(NAMES, struct.unpack(">3f", struct.pack(">6H", *got)), strict=True))
