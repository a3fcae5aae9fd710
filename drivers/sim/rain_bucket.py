"""A tipping bucket in the rain."""

from drivers.sim.faults import Faults
from drivers.sim.pulses import SimPulses, pulses
from drivers.sim.time import Time


def simulator(time: Time, faults: Faults, rate: str = "0.2") -> SimPulses:
    """A bucket that gives at most ``rate`` pulses a second."""
    return pulses("rain_bucket", time, faults, float(rate))
