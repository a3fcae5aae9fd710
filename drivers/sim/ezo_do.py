"""The circuit's side of an Atlas Scientific EZO-DO."""

from drivers.sim.buses import SimI2C, wave
from drivers.sim.ezo import circuit
from drivers.sim.faults import Faults
from drivers.sim.time import Time


def _oxygen(at: float) -> float:
    return wave(at, 6.2, 10.4, 900)


def simulator(time: Time, faults: Faults) -> SimI2C:
    """An EZO-DO with its probe in a river."""
    return circuit(
        time, faults, "DO", mg=lambda at: f"{_oxygen(at):.2f}", **{"%": lambda at: f"{_oxygen(at) / 0.113:.1f}"}
    )
