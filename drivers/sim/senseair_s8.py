"""The sensor's side of a Senseair S8."""

from collections.abc import Mapping

from drivers.sim.buses import wave
from drivers.sim.faults import Faults
from drivers.sim.modbus import SimLine, Slave
from drivers.sim.time import Time

ABC_PERIOD, HOURS = 0x1F, 180


def registers(function: int, at: float) -> Mapping[int, int]:
    """Input registers: status (3), ppm, version, number; holding: acknowledgement and period of the correction."""
    if function == 4:
        return {0: 0, 1: 0, 2: 0, 3: round(wave(at, 420, 1100, 900)), 0x1C: 0x0126, 0x1D: 0x0123, 0x1E: 0x4567}
    return {0: 0, ABC_PERIOD: HOURS}


def simulator(time: Time, faults: Faults) -> SimLine:
    """An S8 by a busy road."""
    return SimLine(time, faults, Slave(registers, unit=0xFE))
