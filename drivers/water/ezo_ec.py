"""Atlas Scientific EZO-EC circuit (data sheet version 6: since firmware 2.10 it gives conductivity only)."""

from drivers.bus import Wire
from drivers.driver import Timing
from drivers.quantity import Quantity
from drivers.water.ezo import TEMPERATURE, Circuit


class EZOEC(Circuit):
    """I2C at 0x64. The start enables three outputs and disables specific gravity; K and calibration stay as they are.

    Exactly 0 means a dry probe. Salinity is defined to 42 PSU.
    """

    wire = Wire("i2c", addresses=(0x64,))
    measures = (
        Quantity("conductivity", "uS/cm", 0.07, 500_000, 2),
        Quantity("tds", "mg/L", 0, 500_000, 1),
        Quantity("salinity", "PSU", 0, 42, 2),
    )
    timing = Timing(measure=0.6, interval=10.0)
    options = (TEMPERATURE,)
    inputs = ("temperature",)
    setup = ("O,EC,1", "O,TDS,1", "O,S,1", "O,SG,0")
    stops = (("conductivity", 0), ("conductivity", 500_000), ("salinity", 42))
