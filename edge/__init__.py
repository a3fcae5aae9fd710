"""The gateway of a sensor node: reads, keeps, forwards."""

