"""``edge driver``: which drivers there are, what each one needs, and a new one in a clone of the source."""

from edge.cli.driver.command import main

__all__ = ["main"]
