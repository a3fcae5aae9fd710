"""What happened is kept until each destination knows: in order, once, and no kind of event pushes out another."""

import pytest

from edge.clock import Clock
from edge.events import MOST, Events
from edge.state import State


@pytest.fixture
def state(tmp_path):
    return State(tmp_path / "state.json")


def heard(events, destination):
    """All that a destination is told, each acknowledged."""
    while (event := events.next(destination)) is not None:
        events.delivered(destination, event["id"])
        yield event


def test_each_destination_hears_all_in_order_once(state):
    events = Events(Clock(boot="b"), state)
    for number in range(3):
        events.put("restart", number=number)
    assert [event["number"] for event in heard(events, "city")] == [0, 1, 2]
    assert list(heard(events, "city")) == []
    assert [event["via"] for event in heard(events, "lab")] == ["lab"] * 3


def test_what_was_not_heard_outlives_a_restart(state):
    events = Events(Clock(boot="b"), state)
    for number in range(3):
        events.put("restart", number=number)
    next(heard(events, "city"))
    events.delivered("city", 1)
    events.save(["city"])
    assert [event["number"] for event in heard(Events(Clock(boot="c"), state), "city")] == [1, 2]


def test_a_flood_of_one_kind_costs_no_other(state):
    events = Events(Clock(boot="b"), state)
    events.put("gap", first=1, last=9)
    for number in range(2 * MOST):
        events.put("command", number=number)
    events.put("gap", first=20, last=29)
    kept = list(heard(events, "city"))
    assert len(kept) == MOST
    assert [event["first"] for event in kept if event["event"] == "gap"] == [1, 20]
    assert kept[-2]["number"] == 2 * MOST - 1
