"""Sensirion SGP41 gas sensor (data sheet version 1.0, chapter 3)."""

from drivers.air.sgp40 import SGP40
from drivers.driver import Timing
from drivers.option import Option
from drivers.quantity import Quantity
from drivers.sensirion import command

CONDITION = 0x2612


class SGP41(SGP40):
    """I2C at 0x59, to be asked each second: 50 ms after the question the raw signals of VOC and nitrogen oxides.

    It begins with conditioning, during which there is no NOx signal and which harms it when longer than 10 s.
    """

    measures = (*SGP40.measures, Quantity("nox_raw", "1", 1, 0xFFFE))
    timing = Timing(warmup=45.0, measure=0.055, interval=1.0)
    options = (
        *SGP40.options,
        Option("conditioning", int, 1, "measurements; times the interval at most 10 s", "", 0, 10),
    )
    code = 0x2619
    conditioned = 0

    def trigger(self) -> None:
        """Conditions first, then asks for both signals."""
        if self.conditioned < self.set["conditioning"]:
            self.conditioned += 1
            self.expected = 1
            self.transfer(command(CONDITION, *self.climate()))
        else:
            self.expected = 2
            super().trigger()
