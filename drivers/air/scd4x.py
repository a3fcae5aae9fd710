"""Sensirion SCD40, SCD41 and SCD43 carbon dioxide sensors (data sheet version 1.4, chapter 3)."""

from collections.abc import Mapping
from contextlib import suppress

from drivers.air.co2 import judged
from drivers.bus import Wire
from drivers.driver import Measurement, Timing
from drivers.errors import BusError, NoData
from drivers.option import Option
from drivers.quantity import Quantity
from drivers.sensirion import Numbered, celsius, command, percent, words

STOP, WAKE, BEGIN, READY, READ, REINIT = 0x3F86, 0x36F6, 0x21B1, 0xE4B8, 0xEC05, 0x3646
SETTINGS = {"altitude": 0x2427, "self_calibration": 0x2416, "pressure": 0xE000}
TOP = 40000  # ppm, where the output ends


class SCD4x(Numbered):
    """I2C at 0x62, periodic measurement each 5 s; the first result after the start is not settled.

    It may still measure from an earlier run and then refuses all else: it is woken and stopped, 0.5 s later begun.
    """

    grade = "R"
    wire = Wire("i2c", addresses=(0x62,))
    measures = (
        Quantity("co2", "ppm", 300, TOP),
        Quantity("temperature", "Cel", -10, 60, 2),
        Quantity("humidity", "%RH", 0, 100, 2),
    )
    timing = Timing(warmup=9.0, measure=0.5, interval=10.0, timeout=15.0)
    options = (
        Option("pressure", int, None, "of the air at the sensor", "hPa", 700, 1200),
        Option("altitude", int, None, "above the sea, where no pressure is known", "m", 0, 3000),
        Option("self_calibration", bool, None, "needs 4 h of fresh air a week; not given: as the sensor has it"),
    )
    inputs = ("pressure",)
    number = (command(0x3682), 3)
    begun = False

    def start(self) -> None:
        """Wakes it (which a sleeping one does not acknowledge) and stops what an earlier run began."""
        with suppress(BusError):
            self.transfer(command(WAKE), pause=0.02)
        self.transfer(command(STOP))

    def reset(self) -> None:
        """Its settings anew from its memory, which it does only when it has stopped."""
        self.start()
        self.bus.wait(self.timing.measure)
        self.transfer(command(REINIT), pause=0.03)

    def identity(self) -> Mapping[str, str]:
        """Waits until it has stopped."""
        self.bus.wait(self.timing.measure)
        return super().identity()

    def feed(self, name: str, value: float) -> None:
        """The pressure of the air may be told while it measures (data sheet 3.6.5)."""
        if self.begun and round(value) != self.set[name]:
            self.transfer(command(SETTINGS[name], round(value)), pause=0.001)
        super().feed(name, round(value))

    def read(self) -> Measurement:
        """Three words, once the low eleven bits of the ready word are not zero."""
        if not self.begun:
            for name, code in SETTINGS.items():
                if self.set[name] is not None:
                    self.transfer(command(code, int(self.set[name])), pause=0.001)
            self.transfer(command(BEGIN))
            self.begun = True
        if not words(self.transfer(command(READY), 3, 0.001), 1)[0] & 0x07FF:
            raise NoData("the sensor is still measuring")
        co2, temperature, humidity = words(self.transfer(command(READ), 9, 0.001), 3)
        return judged({"co2": co2, "temperature": celsius(temperature), "humidity": percent(humidity)}, TOP)

    def stop(self) -> None:
        """Ends the measurement, which takes 15 mA."""
        self.transfer(command(STOP))
