"""Atlas Scientific EZO-RTD circuit for PT-100 and PT-1000 (data sheet version 3: -126 to 1254 Cel)."""

from drivers.bus import Wire
from drivers.driver import Measurement, Timing
from drivers.errors import BadData
from drivers.quantity import Quantity
from drivers.water.ezo import Circuit

LOWEST, HIGHEST = -126.0, 1254.0


class EZORTD(Circuit):
    """I2C at 0x66. The start sets the scale to degrees Celsius, as the text does not tell it."""

    wire = Wire("i2c", addresses=(0x66,))
    measures = (Quantity("water_temperature", "Cel", -5, 60, 3),)
    timing = Timing(measure=0.65, interval=10.0)
    setup = ("S,c",)

    def read(self) -> Measurement:
        """Beyond the range of the circuit there is no temperature but a broken or missing probe."""
        got = super().read()
        if not LOWEST <= got.values["water_temperature"] <= HIGHEST:
            raise BadData(f"{got.values['water_temperature']} Cel: no probe, or a broken one")
        return got
