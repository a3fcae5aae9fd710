"""Our drivers through /dev/i2c-1 of the kernel, against what Linux's own drivers make of the same chips."""

import json
from typing import Any

import pytest

from hw_tests.vm.node import Node

CLOSE = {"temperature": 0.01, "humidity": 0.02, "pressure": 0.01}  # Cel, %RH, hPa: Linux calculates with integers
QUANTITIES = {
    "sht4x": {"temperature", "humidity"},
    "bmp280": {"temperature", "pressure"},
    "bme280": {"temperature", "pressure", "humidity"},
}
ERRORS = {"nack": ("BusError", "o such device"), "crc": ("BadData", "CRC"), "stuck": ("BusError", "timed out")}


@pytest.fixture(scope="module")
def told(node_in_virtual_time: Node) -> Any:
    return json.loads(node_in_virtual_time.run("python3 -m hw_tests.vm.guest.i2c"))


@pytest.mark.parametrize("chip", QUANTITIES)
def test_equals_what_linux_reads(told: Any, chip: str, figure: list[str]) -> None:
    worst = dict.fromkeys(QUANTITIES[chip], 0.0)
    for both in told["compared"][chip]:
        assert both["ours"].keys() == both["linux"].keys() == QUANTITIES[chip]
        for name, value in both["ours"].items():
            worst[name] = max(worst[name], abs(value - both["linux"][name]))
    scenes = len(told["compared"][chip])
    figure.append(f"{chip}: largest difference to Linux's driver in {scenes} scenes: {worst}")
    assert all(difference <= CLOSE[name] for name, difference in worst.items()), told["compared"][chip]


@pytest.mark.parametrize(
    ("chip", "fault"), [(chip, fault) for chip in QUANTITIES for fault in ERRORS if (chip, fault)[1] != "crc"]
)
def test_recovers(told: Any, chip: str, fault: str) -> None:
    _recovered(told["hurt"][chip][fault], fault)


def test_recovers_from_a_wrong_crc(told: Any) -> None:
    """Bosch's chips have none."""
    _recovered(told["hurt"]["sht4x"]["crc"], "crc")


def _recovered(case: Any, fault: str) -> None:
    name, text = case["error"]
    kind, words = ERRORS[fault]
    assert (name, words in text) == (kind, True), text
    assert case["after"] == case["before"]
