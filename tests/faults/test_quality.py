"""Whole days of every quantity: all faults found, at most one false alarm in 10,000 readings.

EDGE_DAYS days of each (1), with seeds that the defaults were not made with. Two minutes a day.
"""

import os

import pytest

from tests.quality.__main__ import main

pytestmark = pytest.mark.faults

DAYS = os.environ.get("EDGE_DAYS", "1")


def test_the_default_chains_find_every_fault_and_seldom_cry_wolf(capfd):
    code = main(["--from", "1001", "--seeds", DAYS])
    table = capfd.readouterr().out
    print(table)
    assert code == 0
