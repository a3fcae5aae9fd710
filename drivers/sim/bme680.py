"""The sensor's side of a Bosch BME680 or BME688."""

import struct

from drivers.air.bme680_trim import LAYOUT, Trim, centidegrees
from drivers.sim.bosch import Registers, falling, sample, three
from drivers.sim.buses import SimI2C, wave
from drivers.sim.faults import Faults
from drivers.sim.time import Time

TRIM = struct.pack(
    LAYOUT,
    26400, 3, 36500, -10600, 88, 7100, -120, 50, 30, -2000, -2400, 30,
    0x3F, 0x2C, 0x2F, 0, 45, 20, 120, -100, 26100, -13200, -28, 18,
    40, 0x10, 0,
)  # fmt: skip
BLOCKS = ((0x8A, 0, 23), (0xE1, 23, 37), (0x00, 37, 42))
VARIANTS = {"bme680": 0, "bme688": 1}
FIELD, FORCED, LASTS = 0x1D, 0x01, 0.0112
SPAN = 5  # the range of the gas sample


class Chip(Registers):
    """Measures and heats once when it is told to; the field is not new meanwhile."""

    def __init__(self, time: Time, chip: str) -> None:
        super().__init__(time)
        self._trim = Trim.parse(TRIM)
        self._gas = 15 if VARIANTS[chip] else 13
        self.put(0xD0, b"\x61")
        self.put(0xF0, bytes((VARIANTS[chip],)))
        for place, start, end in BLOCKS:
            self.put(place, TRIM[start:end])

    def written(self, place: int, value: int, at: float) -> None:
        """The mode in the control register begins a measurement."""
        if place == 0x74 and value & 3 == FORCED:
            wait = self.cells[0x64]
            self.ready = self.time.now() + LASTS + (wait & 0x3F) * 4 ** (wait >> 6) / 1000
            self.put(FIELD, self._sample(at))

    def settle(self) -> None:
        """New, or still measuring."""
        self.cells[FIELD] = 0x20 if self.time.now() < self.ready else 0x80

    def _sample(self, at: float) -> bytes:
        trim = self._trim
        raw = sample(lambda raw: centidegrees(trim.fine(raw)), 100 * wave(at, 9, 27, 600))
        fine = trim.fine(raw)
        pressure = falling(lambda raw: trim.pascals(raw, fine), 100 * wave(at, 1004, 1019, 3600))
        percent = sample(lambda raw: trim.millipercent(raw, fine), 1000 * wave(at + 200, 35, 85, 600), 16)
        gas = round(wave(at, 150, 900, 700)) << 6 | 0x30 | SPAN
        field = bytes(2) + three(pressure) + three(raw) + percent.to_bytes(2, "big")
        return (field.ljust(self._gas, b"\0") + gas.to_bytes(2, "big")).ljust(17, b"\0")


def simulator(time: Time, faults: Faults, chip: str = "bme680") -> SimI2C:
    """A BME680 in city air, or a ``chip`` bme688."""
    return SimI2C(time, faults, Chip(time, chip))
