"""The probe's side of a Keller 36 X W."""

import struct
from collections.abc import Mapping

from drivers.sim.buses import wave
from drivers.sim.faults import Faults
from drivers.sim.modbus import SimLine, Slave, spread
from drivers.sim.time import Time


def registers(function: int, at: float) -> Mapping[int, int]:
    """Floats: P1 in bar, TOB1 in Cel; the other channels are off and read as NaN."""
    bar, celsius, off = wave(at, 0.12, 0.31, 3600), wave(at, 6, 14, 7200), float("nan")
    return spread(0, struct.pack(">6f", off, bar, off, off, celsius, off))


def simulator(time: Time, faults: Faults) -> SimLine:
    """A gauge probe under two metres of river; early firmware, which gives two registers at once."""
    return SimLine(time, faults, Slave(registers, longest=2))
