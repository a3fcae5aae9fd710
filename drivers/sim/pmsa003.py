"""The sensor's side of a Plantower PMSA003."""

from drivers.sim.plantower import simulator_of

simulator = simulator_of("pmsa003")
