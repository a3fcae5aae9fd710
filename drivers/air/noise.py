"""RS-485 sound level transmitters of 30 to 130 dB (SONBEST SM7901M and its likes)."""

from drivers.driver import Timing
from drivers.errors import BadData
from drivers.modbus import HOLDING, INPUT, ModbusDriver, number
from drivers.option import Option
from drivers.quantity import Quantity

NOTHING = (0x7FFF, 0x8000, 0xFFFF)  # what these transmitters hold without a value


class Noise(ModbusDriver):
    """RS-485, 9600 baud (some makes 4800: key ``baud``), unit 1: one register in tenths of a dB.

    Whether it is weighted A or not is set by a switch at the transmitter. Levels are averaged as energies only.
    """

    measures = (Quantity("sound_level", "dB", 20, 140, 1),)
    timing = Timing(interval=1.0)
    options = (
        Option("register", int, 0, "where the level stands, counted from 0", low=0, high=65535),
        Option("function", int, HOLDING, "3 reads a holding register, 4 an input register", low=HOLDING, high=INPUT),
        Option("scale", float, 0.1, "what one count of the register means", "dB", low=0.001, high=10),
    )

    def read(self) -> dict[str, float]:
        """One word."""
        word = number(self.modbus.read(self.set["register"], 1, self.set["function"]))
        if word in NOTHING:
            raise BadData(f"register {self.set['register']} holds {int(word):#06x}: no value")
        return {"sound_level": word * self.set["scale"]}
