"""The meter's side of a TUF-2000M set to Modbus RTU."""

import struct
from collections.abc import Mapping

from drivers.sim.buses import wave
from drivers.sim.faults import Faults
from drivers.sim.modbus import SimLine, Slave
from drivers.sim.time import Time

SETTINGS = {1436: 0, 1437: 0, 1438: 3, 1439: 4, 1440: 2, 1441: 1}  # m3/h, m3, x 1, x 1, kWh, unit 1


def registers(function: int, at: float) -> Mapping[int, int]:
    """Registers 1 to 100 as the manual numbers them, two words with the low one first."""
    flow, supply = wave(at, 2, 11, 900), wave(at, 60, 72, 1800)
    floats = {1: flow, 3: flow * 0.084, 5: flow / 7, 7: 1482.0, 33: supply, 35: supply - 20, 97: 100.0}
    words = dict.fromkeys(range(100), 0) | SETTINGS | {91: 0x0357}
    for register, value in floats.items():
        _put(words, register, struct.pack(">f", value))
    for register, total in {9: 1234.5 + at / 600, 13: 0.25, 17: 87654.0 + at / 30, 21: 0.0}.items():
        _put(words, register, struct.pack(">i", int(total)))
        _put(words, register + 2, struct.pack(">f", total - int(total)))
    return words


def _put(words: dict[int, int], register: int, data: bytes) -> None:
    words[register], words[register - 1] = struct.unpack(">HH", data)


def simulator(time: Time, faults: Faults) -> SimLine:
    """A clamp-on meter on a district heating pipe."""
    return SimLine(time, faults, Slave(registers))
