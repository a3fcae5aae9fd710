"""The date that a node takes from a receiver and the pulse that the kernel's pps-gpio stamps, in virtual time."""

import json

from hw_tests.vm.node import Node

CLOSE = 2e-4  # seconds: what a node with PPS may call its date


def test_the_pulse_dates_the_node(node_in_virtual_time: Node, figure: list[str]) -> None:
    """Although the system clock, with which the kernel stamps the pulse, is 25 years behind."""
    anchors = json.loads(node_in_virtual_time.run("python3 -m hw_tests.vm.guest.receiver 2001-09-09", timeout=300))
    assert {anchor["source"] for anchor in anchors} == {"gnss"}
    best = min(anchors, key=lambda anchor: anchor["error"])
    figure.append(f"date by PPS: {best['apart'] * 1e6:+.0f} us off, bound {best['error'] * 1e6:.0f} us")
    assert best["error"] <= CLOSE
    assert all(abs(anchor["apart"]) <= anchor["error"] for anchor in anchors), anchors
