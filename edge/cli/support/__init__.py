"""``edge support``: one file with everything that somebody far away needs to help with a node."""

from edge.cli.support.command import main

__all__ = ["main"]
