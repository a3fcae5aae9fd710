"""Atlas Scientific EZO-ORP circuit (data sheet: range -1019.9 to 1019.9 mV)."""

from drivers.bus import Wire
from drivers.driver import Timing
from drivers.quantity import Quantity
from drivers.water.ezo import Circuit


class EZOORP(Circuit):
    """I2C at 0x62. At either end of its range there is no probe, a broken one, or more than it can measure."""

    wire = Wire("i2c", addresses=(0x62,))
    measures = (Quantity("orp", "mV", -1019.9, 1019.9, 1),)
    timing = Timing(measure=1.58, interval=10.0)
    stops = (("orp", -1019.9), ("orp", 1019.9))
