"""Three cups in the wind."""

from drivers.sim.faults import Faults
from drivers.sim.pulses import SimPulses, pulses
from drivers.sim.time import Time


def simulator(time: Time, faults: Faults, rate: str = "12") -> SimPulses:
    """An anemometer that gives at most ``rate`` pulses a second."""
    return pulses("anemometer", time, faults, float(rate))
