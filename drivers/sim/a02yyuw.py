"""The sensor's side of a A02YYUW."""

from drivers.sim.buses import SimStream
from drivers.sim.echo import echo
from drivers.sim.faults import Faults
from drivers.sim.time import Time


def simulator(time: Time, faults: Faults) -> SimStream:
    """An A02YYUW above a river."""
    return echo(time, faults)
