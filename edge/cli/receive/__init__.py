"""``edge receive``: the far end for operators and tests: stores what nodes send, once each, tells what is missing."""

from edge.cli.receive.command import main

__all__ = ["main"]
