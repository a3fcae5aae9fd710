"""Pulses on a line of the kernel's GPIO simulator, in virtual time: the load of this machine plays no part."""

import json
from typing import Any

import pytest

from hw_tests.vm.node import Node

SENT = 3000


@pytest.mark.parametrize("hertz", [500, 2000])
@pytest.mark.parametrize("library", ["gpiod", "gpiozero"])
def test_every_pulse_counts(node_in_virtual_time: Node, library: str, hertz: int, figure: list[str]) -> None:
    got = _counted(node_in_virtual_time, f"{library} {hertz} {SENT}", figure)
    assert (got["counted"], got["lost"]) == (SENT, 0)


def test_tells_what_the_kernel_dropped(node_in_virtual_time: Node, figure: list[str]) -> None:
    """The process stands still meanwhile, and the kernel keeps 1024 edges at most."""
    got = _counted(node_in_virtual_time, f"gpiod 2000 {SENT} deaf", figure)
    assert got["lost"] > 0
    assert got["counted"] + got["lost"] == SENT


def _counted(node: Node, words: str, figure: list[str]) -> Any:
    got = json.loads(node.run(f"python3 -m hw_tests.vm.guest.pulses count {words}"))
    figure.append(f"pulses ({words}): {got['counted']} of {SENT} counted, {got['lost']} told as lost")
    return got
