"""The transmitter's side of an RS-485 sound level meter."""

from collections.abc import Mapping

from drivers.sim.buses import wave
from drivers.sim.faults import Faults
from drivers.sim.modbus import SimLine, Slave
from drivers.sim.time import Time


def registers(function: int, at: float) -> Mapping[int, int]:
    """The level in tenths of a dB."""
    return {0: round(10 * (wave(at, 48, 66, 600) + wave(at, 0, 9, 17)))}


def simulator(time: Time, faults: Faults) -> SimLine:
    """A sound level meter above a street."""
    return SimLine(time, faults, Slave(registers))
