"""The circuit's side of an Atlas Scientific EZO-pH."""

from drivers.sim.buses import SimI2C, wave
from drivers.sim.ezo import circuit
from drivers.sim.faults import Faults
from drivers.sim.time import Time


def simulator(time: Time, faults: Faults) -> SimI2C:
    """An EZO-pH with its probe in a river."""
    return circuit(time, faults, "pH", pH=lambda at: f"{wave(at, 6.8, 7.6, 900):.3f}")
