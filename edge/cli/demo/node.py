"""The node of the demo: a real one that can be hurt. ``python -m edge.cli.demo.node CONFIG STATE``.

Its control socket knows three words more: ``hurt`` (a sensor), ``step`` (the wall clock) and ``rest`` (sample no more).
"""

import logging
import signal
import sys
from pathlib import Path
from typing import Any

from edge.cli.demo import leash
from edge.cli.demo.wall import SteppedWall
from edge.clock import Clock
from edge.node import Node
from edge.settings import load


def run(config: Path, state: Path) -> None:
    """Runs until SIGTERM."""
    wall = SteppedWall()
    node = Node(load(config), state, Clock(wall))
    node.control.add("hurt", lambda sensor, fault: _hurt(node, sensor, fault))
    node.control.add("step", lambda seconds: wall.step(seconds))
    node.control.add("rest", lambda: _rest(node))
    signal.signal(signal.SIGTERM, lambda *_: node.stop())
    node.run()


def _hurt(node: Node, sensor: str, fault: str) -> str:
    """Begins a fault of a simulated sensor, or ends it with ``heal``."""
    plug: Any = next(device.plug for device in node.pipeline.devices if device.name == sensor)
    if fault == "heal":
        plug.faults.heal()
    else:
        plug.faults.hurt(fault)
    return fault


def _rest(node: Node) -> int:
    """Ends the sampling; what was taken still goes its way. Returns how many sensors rest."""
    for sampler in node.pipeline.samplers:
        sampler.stop()
    for sampler in node.pipeline.samplers:
        sampler.join()
    return len(node.pipeline.devices)


if __name__ == "__main__":
    leash.hold()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)-7s %(name)s: %(message)s")
    run(Path(sys.argv[1]), Path(sys.argv[2]))
