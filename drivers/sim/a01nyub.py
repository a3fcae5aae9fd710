"""The sensor's side of a A01NYUB."""

from drivers.sim.buses import SimStream
from drivers.sim.echo import echo
from drivers.sim.faults import Faults
from drivers.sim.time import Time


def simulator(time: Time, faults: Faults) -> SimStream:
    """An A01NYUB above a river."""
    return echo(time, faults)
