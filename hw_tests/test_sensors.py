"""Each sensor of the configuration by each check; the ids are ``sensor-check``."""

import pytest

from hw_tests.checks import Verdict


def test_sensor(verdict: Verdict) -> None:
    if verdict.passed is None:
        pytest.skip(verdict.result)
    assert verdict.passed, f"{verdict.result}; the limit is: {verdict.limit}"
