"""A boot that never knew the time lies between its neighbours."""

import pytest

from edge.dates.anchor import Anchor, Bounds
from edge.dates.boots import MOST, Boots
from edge.dates.timeline import Timeline

S = 10**9
FLOOR = 1_795_564_800 * S
T = 1_800_000_000 * S


def line(boot, start):
    """A boot that began ``start`` seconds after T, known within 10 ms at its beginning."""
    return {boot: Timeline([Anchor(boot, 0, T + start * S, "ntp", 0.01)])}


def seconds(bounds):
    return tuple(None if utc is None else (utc - T) / S for utc in bounds)


def test_it_began_after_the_one_before_ended_and_ended_before_the_next_one_began():
    boots = Boots([("a", 1000 * S), ("b", 500 * S), ("c", 10 * S)])
    lines = line("a", 0) | line("c", 2000)
    assert seconds(boots.bounds("b", lines, FLOOR)) == pytest.approx((999.94, 1500.01))


def test_several_in_a_row_share_the_time_between():
    boots = Boots([("a", 1000 * S), ("b", 500 * S), ("c", 300 * S), ("d", 10 * S)])
    lines = line("a", 0) | line("d", 2000)
    assert seconds(boots.bounds("b", lines, FLOOR)) == pytest.approx((999.94, 1200.01))
    assert seconds(boots.bounds("c", lines, FLOOR)) == pytest.approx((1499.94, 1700.01))


def test_nothing_is_known_of_the_end_while_no_later_boot_has_a_date():
    boots = Boots([("a", 1000 * S), ("b", 500 * S)])
    assert boots.bounds("b", line("a", 0), FLOOR).latest is None


def test_the_first_of_all_began_after_this_program_was_built():
    assert Boots([("a", S)]).bounds("a", {}, FLOOR) == Bounds(FLOOR, None)
    assert Boots().bounds("stranger", {}, FLOOR) == Bounds(FLOOR, None)


def test_neighbours_that_contradict_each_other_give_nothing():
    boots = Boots([("a", 1000 * S), ("b", 500 * S), ("c", 10 * S)])
    assert boots.bounds("b", line("a", 10**6) | line("c", 0), FLOOR) == Bounds()


def test_the_oldest_boots_are_forgotten():
    boots = Boots()
    for number in range(2 * MOST):
        boots.see(str(number), S)
    boots.see(str(2 * MOST - 1), 5 * S)
    boots.see(str(2 * MOST - 1), 3 * S)
    assert len(list(boots)) == MOST
    assert list(boots)[-1] == (str(2 * MOST - 1), 5 * S)
