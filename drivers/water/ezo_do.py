"""Atlas Scientific EZO-DO circuit (data sheet version 4: 0.01 to 100 mg/L, 0.1 to 400 % of saturation)."""

from drivers.bus import Wire
from drivers.driver import Timing
from drivers.quantity import Quantity
from drivers.water.ezo import TEMPERATURE, Circuit


class EZODO(Circuit):
    """I2C at 0x61. The start enables both outputs; salinity, air pressure and calibration stay as they are."""

    wire = Wire("i2c", addresses=(0x61,))
    measures = (Quantity("dissolved_oxygen", "mg/L", 0, 100, 2), Quantity("oxygen_saturation", "%", 0, 400, 1))
    timing = Timing(measure=0.6, interval=10.0)
    options = (TEMPERATURE,)
    inputs = ("temperature",)
    setup = ("O,mg,1", "O,%,1")
    stops = (("dissolved_oxygen", 100), ("oxygen_saturation", 400))
