"""A share of what `python -m tests.quality` does: an hour or two of some quantities, with seeds of its own."""

from collections.abc import Iterator
from dataclasses import asdict
from random import Random

import pytest

from tests.quality.__main__ import ALLOWED, main
from tests.quality.motion import Bursts
from tests.quality.result import of_day
from tests.quality.worlds import HOUR, WORLDS, Values, World

SHARE = {
    ("pm2_5", "pms5003"): 1,
    ("temperature", "sht3x"): 1,
    ("sound_level", "noise"): 2,
    ("latitude", "gnss_nmea"): 1,
}


def world(quantity: str, driver: str) -> World:
    return next(one for one in WORLDS if (one.quantity, one.driver) == (quantity, driver))


@pytest.mark.parametrize(("quantity", "driver"), SHARE)
def test_faults_are_found_and_clean_readings_are_left_alone(quantity, driver):
    result = of_day(world(quantity, driver), "held out", SHARE[quantity, driver] * HOUR)
    assert result.missed == 0, asdict(result)
    assert result.injected["spike"] == 20 and result.injected["dropout"] == 3
    assert result.per_10_000 <= ALLOWED, result.false


def test_a_fault_that_is_not_found_is_counted():
    dull = world("temperature", "sht3x")._replace(jump=0.1)
    result = of_day(dull, "held out", HOUR)
    assert result.missed >= 20


def unruly(random: Random) -> Iterator[Values]:
    """A room where it jumps by thousands within a second, again and again."""
    bangs = Bursts(random, 1000, (3000, 8000), 0.2, 5)
    for _ in range(HOUR):
        yield {"co2": 500 + bangs.next() + random.gauss(0, 4)}


def test_a_false_alarm_is_counted():
    result = of_day(World("co2", "scd4x", unruly, 1000), "held out", HOUR)
    assert result.false["co2 spike"] > 0
    assert result.per_10_000 > ALLOWED


def test_the_command_prints_a_line_a_quantity_and_ends_well(capsys):
    assert main(["--hours", "1", "contact"]) == 0
    head, line, *last = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["quantity", "driver", "spike"]
    assert line.split() == ["contact", "contact", "20/20", "-", "-", "3/3", "-", "-", "0.00"]
    assert last[0].startswith("found/injected")
