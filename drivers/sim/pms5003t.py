"""The sensor's side of a Plantower PMS5003T."""

from drivers.sim.plantower import simulator_of

simulator = simulator_of("pms5003t")
