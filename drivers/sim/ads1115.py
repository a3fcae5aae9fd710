"""The converter's side of a TI ADS1115 with a voltage on all of its inputs."""

from drivers.sim.buses import SimI2C, wave
from drivers.sim.faults import Faults
from drivers.sim.time import Time

RANGES = (6.144, 4.096, 2.048, 1.024, 0.512, 0.256, 0.256, 0.256)
RATES = (8, 16, 32, 64, 128, 250, 475, 860)
BUSY = 0x8000  # written: start; read: idle


class Converter:
    """Four registers behind a pointer. Against ground the inputs have the same voltage, against each other none."""

    def __init__(self, time: Time, low: float, high: float) -> None:
        self._time, self._low, self._high = time, low, high
        self._pointer = 0
        self._registers = [0, 0x0583, 0x8000, 0x7FFF]
        self._result = 0
        self._ready = 0.0

    def write(self, data: bytes, at: float) -> None:
        """The pointer, and perhaps a register."""
        self._pointer = data[0] & 3
        if len(data) < 3 or self._pointer == 0:
            return
        word = int.from_bytes(data[1:3], "big")
        self._registers[self._pointer] = word & ~BUSY if self._pointer == 1 else word
        if self._pointer == 1 and word & BUSY:
            self._convert(word, at)

    def read(self, size: int, at: float) -> bytes:
        """The register that the pointer is at."""
        if self._time.now() >= self._ready:
            self._registers[0] = self._result
        word = self._registers[self._pointer]
        if self._pointer == 1 and self._time.now() >= self._ready:
            word |= BUSY
        return word.to_bytes(2, "big")[:size].ljust(size, b"\xff")

    def _convert(self, word: int, at: float) -> None:
        volts = wave(at, self._low, self._high, 900) if word & 0x4000 else 0.0
        raw = round(volts / RANGES[word >> 9 & 7] * 32768)
        self._result = max(-0x8000, min(0x7FFF, raw)) & 0xFFFF
        self._ready = self._time.now() + 1 / RATES[word >> 5 & 7]


def simulator(time: Time, faults: Faults, low: str = "0.9", high: str = "2.4") -> SimI2C:
    """A voltage that swings between ``low`` and ``high``."""
    return SimI2C(time, faults, Converter(time, float(low), float(high)))
