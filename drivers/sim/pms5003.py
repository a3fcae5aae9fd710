"""The sensor's side of a Plantower PMS5003."""

from drivers.sim.plantower import Sensor, simulator_of

__all__ = ["Sensor", "simulator"]

simulator = simulator_of("pms5003")
