"""The circuit's side of an Atlas Scientific EZO-RTD."""

from drivers.sim.buses import SimI2C, wave
from drivers.sim.ezo import circuit
from drivers.sim.faults import Faults
from drivers.sim.time import Time


def simulator(time: Time, faults: Faults) -> SimI2C:
    """An EZO-RTD with its probe in a river."""
    return circuit(time, faults, "RTD", RTD=lambda at: f"{wave(at, 6, 21, 1800):.3f}")
