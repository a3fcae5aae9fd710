"""A flow meter with a pulse output."""

from drivers.sim.faults import Faults
from drivers.sim.pulses import SimPulses, pulses
from drivers.sim.time import Time


def simulator(time: Time, faults: Faults, rate: str = "20") -> SimPulses:
    """A meter that gives at most ``rate`` pulses a second."""
    return pulses("pulse_flow", time, faults, float(rate))
