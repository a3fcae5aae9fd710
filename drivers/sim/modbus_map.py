"""A device with the registers of the example of ``modbus_map``."""

import struct
from collections.abc import Mapping

from drivers.sim.buses import wave
from drivers.sim.faults import Faults
from drivers.sim.modbus import SimLine, Slave, spread
from drivers.sim.time import Time


def registers(function: int, at: float) -> Mapping[int, int]:
    """A level as a float, tenths of a degree, and status bits without a fault."""
    return spread(0, struct.pack(">fhH", wave(at, 1.2, 3.4, 1800), round(10 * wave(at, 4, 21, 3600)), 0))


def simulator(time: Time, faults: Faults, unit: str = "1") -> SimLine:
    """A level probe."""
    return SimLine(time, faults, Slave(registers, unit=int(unit)))
