"""The gateway of a sensor node: reads, says how far each value can be trusted, keeps, forwards."""

__version__ = "0.1.0"
