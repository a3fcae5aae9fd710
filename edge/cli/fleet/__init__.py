"""``edge fleet simulate``: what a broker and a centre see of a thousand nodes, before there are any."""

from edge.cli.fleet.command import main

__all__ = ["main"]
