"""When a destination is connected: in its rhythm, apart from other nodes, until everything has arrived."""

from itertools import pairwise

from edge.forwarding.schedule import LINGER, Schedule


class Times:
    """Virtual seconds."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def rhythm(seed, times, every=900.0, turns=4):
    """The moments at which it is due, one after the other."""
    schedule, due = Schedule(seed, every, now=times), []
    for _ in range(turns):
        times.now += schedule.left()
        due.append(times.now)
        schedule.begin()
        times.now += 20.0
    return due


def test_the_first_connection_is_at_once_and_then_the_rhythm_holds():
    first, *others = rhythm("LP-1 city", Times())
    assert first == 1000.0
    assert others[0] - first <= 900.0
    assert [round(b - a, 6) for a, b in pairwise(others)] == [900.0, 900.0]


def test_a_thousand_nodes_that_start_together_come_apart():
    second = [rhythm(f"LP-{number} city", Times(), turns=2)[1] for number in range(1000)]
    most = max(sum(at <= other < at + 9.0 for other in second) for at in range(1000, 1900, 9))
    assert most <= 25  # 10 on the average


def test_it_lasts_until_all_has_arrived_and_a_little_longer():
    times = Times()
    schedule = Schedule("LP-1 city", 900.0, now=times)
    schedule.begin()
    for _ in range(100):
        times.now += 10.0
        assert not schedule.over(idle=False)
    assert not schedule.over(idle=True)
    times.now += LINGER
    assert schedule.over(idle=True)


def test_it_ends_in_time_where_that_is_wanted():
    times = Times()
    schedule = Schedule("LP-1 city", 900.0, 60.0, now=times)
    schedule.begin()
    times.now += 59.0
    assert not schedule.over(idle=False)
    times.now += 1.0
    assert schedule.over(idle=False)


def test_without_a_rhythm_it_never_ends_and_is_always_due():
    times = Times()
    schedule = Schedule("LP-1 city", now=times)
    schedule.begin()
    times.now += 1e6
    assert not schedule.over(idle=True) and schedule.left() == 0.0
