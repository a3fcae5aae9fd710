"""The circuit's side of an Atlas Scientific EZO-ORP."""

from drivers.sim.buses import SimI2C, wave
from drivers.sim.ezo import circuit
from drivers.sim.faults import Faults
from drivers.sim.time import Time


def simulator(time: Time, faults: Faults) -> SimI2C:
    """An EZO-ORP with its probe in a river."""
    return circuit(time, faults, "ORP", ORP=lambda at: f"{wave(at, -40, 260, 900):.1f}")
