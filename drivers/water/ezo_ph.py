"""Atlas Scientific EZO-pH circuit (data sheet version 5)."""

from drivers.bus import Wire
from drivers.driver import I2CDriver, Measurement, Timing
from drivers.errors import BadData
from drivers.quality import Reason
from drivers.quantity import Quantity
from drivers.water import ezo


class EZOpH(I2CDriver):
    """I2C at 0x63 (blue light): ``R``, 1.66 s later a status byte and the pH as text.

    Exactly 0 or 14 is where the circuit stops: no probe, a broken one, or the end of its range.
    """

    wire = Wire("i2c", addresses=(0x63,))
    measures = (Quantity("ph", "pH", 0, 14, 3),)
    timing = Timing(measure=1.66, interval=10.0)

    def trigger(self) -> None:
        """One reading."""
        self.transfer(b"R")

    def read(self) -> Measurement:
        """One number."""
        values = ezo.numbers(ezo.reply(self.transfer(b"", ezo.SIZE)))
        if len(values) != 1:
            raise BadData(f"{len(values)} numbers instead of a pH")
        return Measurement({"ph": values[0]}, {"ph": Reason.SATURATED} if values[0] in (0, 14) else {})
