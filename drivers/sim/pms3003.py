"""The sensor's side of a Plantower PMS3003."""

from drivers.sim.plantower import simulator_of

simulator = simulator_of("pms3003")
