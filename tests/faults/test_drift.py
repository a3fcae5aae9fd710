"""Pairs of sensors of which one drifts, over whole days: each drift is found, and no clean reading is called one.

EDGE_ROUNDS is how many days each pair has (3 by default); ``python -m tests.quality`` prints the same.
"""

import os
from dataclasses import asdict

import pytest

from tests.quality.__main__ import ALLOWED
from tests.quality.drift import PAIRS, days

ROUNDS = int(os.environ.get("EDGE_ROUNDS", "3"))

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.quantity} {pair.driver}")
def test_a_drift_and_a_small_jump_are_found_and_a_clean_day_is_left_alone(pair):
    found = days(pair, [f"held out {turn}" for turn in range(ROUNDS)])
    assert found.missed == 0, asdict(found)
    assert found.per_10_000 <= ALLOWED, asdict(found)
