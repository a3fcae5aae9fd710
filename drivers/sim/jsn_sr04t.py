"""The sensor's side of a JSN-SR04T in mode 2."""

from drivers.sim.buses import SimStream
from drivers.sim.echo import echo
from drivers.sim.faults import Faults
from drivers.sim.time import Time


def simulator(time: Time, faults: Faults) -> SimStream:
    """A JSN-SR04T in mode 2 above a river."""
    return echo(time, faults, asked=True)
