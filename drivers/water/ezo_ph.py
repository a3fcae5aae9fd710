"""Atlas Scientific EZO-pH circuit (data sheet version 5)."""

from drivers.bus import Wire
from drivers.driver import Timing
from drivers.quantity import Quantity
from drivers.water.ezo import TEMPERATURE, Circuit


class EZOpH(Circuit):
    """I2C at 0x63. Exactly 0 or 14 is where the circuit stops: no probe, a broken one, or the end of its range."""

    wire = Wire("i2c", addresses=(0x63,))
    measures = (Quantity("ph", "pH", 0, 14, 3),)
    timing = Timing(measure=1.66, interval=10.0)
    options = (TEMPERATURE,)
    inputs = ("temperature",)
    stops = (("ph", 0), ("ph", 14))
