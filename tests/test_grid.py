"""Intervals lie on the calendar's minutes and hours as soon as the date is known, and no step of it tears one."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.clock import Anchor, Clock, Stamp
from edge.filters.mean import Mean
from edge.reading import Reading

S = 10**9
MINUTE, HOUR = 60, 3600


def means(seconds, length=MINUTE, changes=(), begin=0.0):
    """Start, span (s) and count of the means over readings at ``seconds``.

    ``changes`` are pairs: from which second on how many seconds the date is thought to be ahead of the ticks, None: no
    date is known.
    """
    ahead, changes = None, sorted(changes, key=lambda change: change[0])
    mean, out = Mean({}, interval=float(length), begin=begin), []
    mean.date = lambda stamp: None if ahead is None else stamp.ticks + round(ahead * S)
    for second in seconds:
        while changes and changes[0][0] <= second:
            _, ahead = changes.pop(0)
        out += mean(Reading("dev", "temperature", 1.0, "Cel", Stamp("boot", round(second * S))))
    out += mean.rest()
    return [(done.at.ticks / S, done.span, done.spread.count) for done in out]


def test_without_a_date_they_lie_on_the_ticks():
    assert means(range(50, 200, 10)) == [(50, 10, 1), (60, 60, 6), (120, 60, 6), (180, 10, 2)]


def test_with_a_date_they_begin_on_the_full_minute():
    assert means(range(50, 200, 10), changes=[(0, 15)]) == [(50, 55, 6), (105, 60, 6), (165, 25, 3)]


def test_the_one_under_way_ends_on_the_full_hour_when_the_date_comes():
    """Switched on at 10:10, the date came at 10:30: what it has of this hour stays together."""
    readings = range(10, 7200, 60)
    assert means(readings, HOUR, changes=[(1200, 600)]) == [
        (10, 2990, 50),
        (3000, 3600, 60),
        (6600, 550, 10),
    ]


def test_one_that_began_in_the_minute_before_keeps_its_end_and_the_next_is_cut():
    """None may be longer than its length, and what is in it stays in it."""
    assert means(range(60, 210, 5), changes=[(95, 40)]) == [(60, 60, 12), (120, 20, 4), (140, 60, 12), (200, 5, 2)]


@pytest.mark.parametrize("step", [-50 * 365 * 86400 - 20, 20 * 365 * 86400 + 20, 7, 0.5])
def test_a_step_of_the_date_cuts_one_short_and_loses_nothing(step):
    readings = range(0, 1200, 1)
    out = means(readings, changes=[(0, 0), (601, step)])
    assert sum(count for *_, count in out) == len(readings)
    assert sum(1 for _, span, _ in out[:-1] if abs(span - MINUTE) > 1) == (step != 0.5)
    assert all((start + step) % MINUTE < 1e-3 for start, *_ in out if start > 720)


def test_a_slow_clock_does_not_carry_them_off():
    """50 ppm for a day are 4.3 s; an interval is that of its hour within a second all the time."""
    readings = range(0, 86400, 60)
    out = means(readings, HOUR, changes=[(second, second * 50e-6) for second in readings])
    assert all(min((start * 1.00005) % HOUR, HOUR - (start * 1.00005) % HOUR) < 0.2 for start, *_ in out)
    assert len(out) == 24


def test_the_clock_of_the_node_puts_them_on_the_minute_within_a_millisecond():
    begin = datetime(2026, 11, 25, 11, 59, 58, 123_456, tzinfo=UTC)
    clock = Clock(boot="boot", anchors=[Anchor("boot", 0, round(begin.timestamp() * 1e6) * 1000, "ntp", 0.01)])
    mean = Mean({}, interval=60.0)
    mean.date = clock.utc
    out = []
    for second in range(200):
        out += mean(Reading("dev", "temperature", 1.0, "Cel", Stamp("boot", second * S)))
    dates = [clock.utc(done.at) for done in out[1:]]
    assert [datetime.fromtimestamp(date // S, UTC).strftime("%H:%M:%S") for date in dates] == [
        "12:00:00",
        "12:01:00",
        "12:02:00",
    ]
    assert all(date % S < 10**6 and done.at.ticks % 10**6 == 0 for date, done in zip(dates, out[1:], strict=True))


def test_days_of_another_place_begin_when_they_do_there():
    """Midnight of Beijing is 16:00 UTC."""
    readings, day = range(0, 3 * 86400, 3600), 86400
    assert [start for start, *_ in means(readings, day, [(0, 0)], 16.0 * HOUR)] == [
        0,
        57600,
        57600 + day,
        57600 + 2 * day,
    ]
    assert [start for start, *_ in means(readings, day, [], 16.0 * HOUR)] == [0, day, 2 * day], (
        "without a date, as ever"
    )


beliefs = st.none() | st.sampled_from([0, 7, 29.5, 59.5, -1e9]) | st.floats(-1e9, 1e9)


@settings(max_examples=60)
@given(
    pauses=st.lists(st.sampled_from([1, 5, 20, 59, 61, 400]), min_size=1, max_size=60),
    changes=st.lists(st.tuples(st.integers(0, 2000), beliefs), max_size=6),
)
def test_whatever_is_believed_they_follow_each_other_and_hold_everything(pauses, changes):
    seconds = [sum(pauses[: number + 1]) for number in range(len(pauses))]
    out = means(seconds, changes=changes)
    assert sum(count for *_, count in out) == len(seconds)
    assert all(0 <= span <= MINUTE + 1 for _, span, _ in out)
    ends = [round((start + span) * 1000) for start, span, _ in out]
    assert all(end <= round(after * 1000) for end, (after, *_) in zip(ends, out[1:], strict=False))
