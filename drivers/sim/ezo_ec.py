"""The circuit's side of an Atlas Scientific EZO-EC."""

from drivers.sim.buses import SimI2C, wave
from drivers.sim.ezo import circuit
from drivers.sim.faults import Faults
from drivers.sim.time import Time


def _siemens(at: float) -> float:
    return wave(at, 420, 760, 900)


def simulator(time: Time, faults: Faults) -> SimI2C:
    """An EZO-EC with its probe in a river."""
    return circuit(
        time,
        faults,
        "EC",
        EC=lambda at: f"{_siemens(at):.1f}",
        TDS=lambda at: f"{0.54 * _siemens(at):.0f}",
        S=lambda at: f"{_siemens(at) / 2000:.2f}",
        SG=lambda at: "1.000",
    )
