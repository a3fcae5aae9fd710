"""``edge calibrate``: makes, lists and takes back calibration records, with a running node or on its state folder."""

from edge.cli.calibrate.command import main

__all__ = ["main"]
