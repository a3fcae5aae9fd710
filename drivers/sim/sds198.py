"""The sensor's side of a Nova Fitness SDS198."""

from drivers.sim.buses import SimStream
from drivers.sim.faults import Faults
from drivers.sim.sds011 import Sensor
from drivers.sim.time import Time


def simulator(time: Time, faults: Faults) -> SimStream:
    """A SDS198 beside a building site."""
    return SimStream(time, faults, Sensor(time, 0xCF))
