"""What a metered link may carry: calendar days where the date is known, running hours where not, over restarts."""

import pytest

from edge.budget import BACKLOG, RESERVE, ROUTINE, Budget, Budgets
from edge.clock import Stamp
from edge.state import State

HOUR, NOON = 3600.0, 1_795_608_000  # 2026-11-25 12:00 UTC


class FakeClock:
    """A clock that is moved by hand, and knows the date or not."""

    def __init__(self, date=None):
        self.seconds, self.date = 0.0, date

    def now(self):
        return Stamp("b", round(self.seconds * 1e9))

    def utc(self, stamp):
        return None if self.date is None else round((self.date + self.seconds) * 1e9)


def test_alarms_apart_everything_waits_step_by_step():
    budget = Budget(FakeClock(NOON), day=1000)
    seen = []
    for _ in range(12):
        budget.spend(100)
        seen.append(budget.holds)
    until_low = int((1 - RESERVE) * 10)
    assert seen == [None] * until_low + [BACKLOG] * (9 - until_low) + [ROUTINE] * 3


def test_a_day_ends_at_midnight_and_a_month_with_it():
    clock = FakeClock(NOON)
    budget = Budget(clock, day=1000, month=10_000)
    budget.spend(1500)
    clock.seconds = 11 * HOUR
    budget.spend(0)
    assert budget.holds == ROUTINE
    clock.seconds = 12 * HOUR
    budget.spend(10)
    assert (budget.holds, budget.status()["day"]["used"], budget.status()["month"]["used"]) == (None, 10, 1510)
    clock.seconds = 6 * 24 * HOUR
    budget.spend(20)
    assert budget.status()["month"]["used"] == 20


def test_without_a_date_a_day_is_24_hours_of_running():
    clock = FakeClock()
    budget = Budget(clock, day=1000)
    budget.spend(1500)
    clock.seconds = 23 * HOUR
    budget.spend(0)
    assert budget.holds == ROUTINE
    clock.seconds = 24 * HOUR
    budget.spend(0)
    assert budget.holds is None


def test_a_day_that_began_without_a_date_goes_on_when_the_date_comes():
    clock = FakeClock()
    budget = Budget(clock, day=1000)
    budget.spend(1500)
    clock.date = NOON
    budget.spend(0)
    assert budget.holds == ROUTINE


@pytest.mark.parametrize("date", [None, NOON])
def test_a_restart_does_not_begin_it_anew(tmp_path, date):
    clock, state = FakeClock(date), State(tmp_path / "state.json")
    budgets = Budgets(clock, state)
    budgets.of("city").limit(1000, None)
    clock.seconds = 20 * HOUR if date is None else HOUR
    budgets.of("city").spend(1500)
    budgets.save()
    again = Budgets(FakeClock(date), State(tmp_path / "state.json")).of("city")
    again.limit(1000, None)
    again.spend(0)
    assert again.holds == ROUTINE


def test_restarts_without_a_date_do_not_hold_it_for_ever(tmp_path):
    for start in range(4):
        clock, state = FakeClock(), State(tmp_path / "state.json")
        budgets = Budgets(clock, state)
        budgets.of("city").limit(1000, None)
        if start == 0:
            budgets.of("city").spend(1500)
        clock.seconds = 7 * HOUR
        budgets.of("city").spend(0)
        budgets.save()
    assert budgets.of("city").holds is None


def test_a_state_that_makes_no_sense_begins_anew(tmp_path):
    state = State(tmp_path / "state.json")
    state.save("budgets", {"city": {"day": "nonsense"}})
    assert Budgets(FakeClock(NOON), state).of("city").status()["day"]["used"] == 0


def test_where_all_is_backlog_it_may_use_everything():
    budget = Budget(FakeClock(NOON))
    budget.limit(1000, None, live=False)
    budget.spend(999)
    assert budget.holds is None
    budget.spend(1)
    assert budget.holds == ROUTINE


def test_without_a_limit_it_only_counts():
    budget = Budget(FakeClock(NOON))
    budget.spend(10**12)
    assert budget.holds is None and budget.status()["month"] == {"used": 10**12, "limit": None}
