"""The sensor's side of a Bosch BME280 or BMP280."""

import struct

from drivers.air.bme280_trim import Trim, celsius
from drivers.sim.bosch import Registers, falling, sample, three
from drivers.sim.buses import SimI2C, wave
from drivers.sim.faults import Faults
from drivers.sim.time import Time

FIRST = struct.pack("<HhhHhhhhhhhhBB", 28010, 26310, 50, 37200, -10640, 3024, 6900, -60, -7, 9900, -10230, 4285, 0, 75)
HUMID = struct.pack("<hBbBbb", 362, 0, 19, 0x2A, 3, 30)
IDS = {"bme280": 0x60, "bmp280": 0x58}
STATUS, FORCED, LASTS = 0xF3, 0x01, 0.0093


class Chip(Registers):
    """Measures once when it is told to, and is busy meanwhile."""

    def __init__(self, time: Time, chip: str) -> None:
        super().__init__(time)
        self._trim = Trim.parse(FIRST, HUMID)
        self._humid = chip == "bme280"
        self.put(0xD0, bytes((IDS[chip],)))
        self.put(0x88, FIRST)
        if self._humid:
            self.put(0xE1, HUMID)

    def written(self, place: int, value: int, at: float) -> None:
        """The mode in the control register begins a measurement."""
        if place == 0xF4 and value & 3 == FORCED:
            self.ready = self.time.now() + LASTS
            self.put(0xF7, self._sample(at))

    def settle(self) -> None:
        """Busy or not."""
        self.cells[STATUS] = 0x08 if self.time.now() < self.ready else 0

    def _sample(self, at: float) -> bytes:
        trim = self._trim
        raw = sample(lambda raw: celsius(trim.fine(raw)), wave(at, 9, 27, 600))
        fine = trim.fine(raw)
        pressure = falling(lambda raw: trim.hectopascals(raw, fine), wave(at, 1004, 1019, 3600))
        percent = (
            sample(lambda raw: trim.percent(raw, fine), wave(at + 200, 35, 85, 600), 16) if self._humid else 0x8000
        )
        return three(pressure) + three(raw) + percent.to_bytes(2, "big")


def simulator(time: Time, faults: Faults, chip: str = "bme280") -> SimI2C:
    """A BME280 in city air, or a ``chip`` bmp280."""
    return SimI2C(time, faults, Chip(time, chip))
