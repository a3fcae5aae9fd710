"""Several anchors of a boot: the best wins, another date is disputed, and a leap second is none."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.dates.anchor import DRIFT, Anchor
from edge.dates.timeline import MOST, PERSIST, SPACING, Timeline, Verdict

S = 10**9
DAY = 86400 * S
T = 1_800_000_000 * S


def anchor(ticks, *, off=0.0, source="ntp", error=0.01, base=T):
    """An anchor on the line that begins at ``base``, ``off`` seconds from it."""
    return Anchor("b", round(ticks * S), base + round((ticks + off) * S), source, error)


def test_the_bound_grows_with_the_time_since_the_anchor():
    line = Timeline([anchor(0, error=0.02)])
    assert line.trust(0) == ("ntp", 0.02)
    assert line.trust(86400 * S).error == pytest.approx(0.02 + 86400 * DRIFT)


def test_between_two_anchors_a_date_lies_on_the_straight_line():
    line = Timeline([anchor(0), anchor(10_000, off=0.4)])
    assert line.utc(5_000 * S) == T + 5_000 * S + S // 5
    assert line.utc(-S) == T - S
    assert line.utc(20_000 * S) == T + 20_000 * S + 4 * S // 10


@pytest.mark.parametrize("first", ["rtc", "gnss"])
def test_the_surer_source_wins(first):
    line = Timeline()
    assert line.weigh(anchor(1, source=first, error=2.0 if first == "rtc" else 1.0, off=0.9)) is Verdict.NEWS
    assert line.weigh(anchor(60)) is Verdict.NEWS
    assert line.trust(60 * S) == ("ntp", 0.01)
    assert line.utc(60 * S) == T + 60 * S


def test_a_clock_chip_never_counts_beside_another_source():
    line = Timeline()
    line.weigh(anchor(0, source="gnss", error=1.0))
    assert line.weigh(anchor(10**6, source="rtc", error=2.0, off=40)) is Verdict.CONFIRMED
    assert line.trust(10**6 * S).source == "gnss"
    assert not line.disputes


def test_one_that_says_another_date_is_disputed_and_the_date_is_less_sure():
    line = Timeline([anchor(0)])
    assert line.weigh(anchor(10, off=3.0, source="gnss", error=1.0)) is Verdict.DISPUTED
    assert line.utc(10 * S) == T + 10 * S
    assert line.trust(10 * S).error == pytest.approx(3.0)
    assert line.weigh(anchor(20, source="gnss", error=1.0)) is Verdict.CONFIRMED
    assert line.trust(20 * S).error == pytest.approx(0.011)


def test_two_sources_may_go_on_to_disagree_for_ever():
    line = Timeline([anchor(0)])
    for second in range(0, 4 * PERSIST // S, 10):
        line.weigh(anchor(second))
        line.weigh(anchor(second, off=5, source="gnss", error=1.0))
    assert line.trust(second * S).source == "ntp"
    assert line.utc(second * S) == T + second * S


def test_a_newcomer_wins_after_ten_minutes_in_which_nobody_stood_by_the_old_date():
    line = Timeline([anchor(0)])
    verdicts = [line.weigh(anchor(second, off=-3600)) for second in range(1, PERSIST // S + 2)]
    assert verdicts.index(Verdict.NEWS) == PERSIST // S
    assert line.utc(0) == T - 3600 * S, "ticks do not jump: then the old date was wrong from the beginning"


def test_one_that_says_something_else_every_time_never_wins():
    line = Timeline([anchor(0)])
    for second in range(1, 4 * PERSIST // S, 7):
        assert line.weigh(anchor(second, off=second % 1000 - 10**6)) is Verdict.DISPUTED


def test_who_falls_silent_disputes_no_more():
    line = Timeline([anchor(0)])
    line.weigh(anchor(10, off=100, source="gnss", error=1.0))
    line.weigh(anchor(700))
    assert not line.disputes


def test_after_a_month_without_a_source_the_drift_is_no_dispute():
    line = Timeline([anchor(0)])
    month = 30 * 86400
    assert line.weigh(anchor(month, off=0.9 * month * DRIFT)) is Verdict.NEWS
    assert line.utc(month // 2 * S) == T + month // 2 * S + round(0.45 * month * DRIFT * S)


def test_few_anchors_are_kept_of_a_long_boot():
    line = Timeline()
    for hour in range(24 * 400):
        line.weigh(anchor(hour * 3600))
    assert 2 <= len(line.anchors) <= MOST
    assert line.trust(hour * 3600 * S).error < 0.2
    assert all(b.ticks - a.ticks >= SPACING / 2 for a, b in zip(line.anchors, line.anchors[1:], strict=False))


@given(st.lists(st.tuples(st.integers(1, 10**7), st.floats(-0.005, 0.005), st.floats(0.005, 1.0)), min_size=1))
def test_whatever_true_anchors_come_the_truth_is_within_the_bound(heard):
    line = Timeline()
    for ticks, off, error in sorted(heard):
        line.weigh(anchor(ticks, off=off, error=error))
    for ticks in (0, *(ticks for ticks, *_ in heard), 10**7):
        assert abs(line.utc(ticks * S) - T - ticks * S) / S <= line.trust(ticks * S).error + 1e-6


NEW_YEAR = round(datetime(2028, 1, 1, tzinfo=UTC).timestamp()) * S


@pytest.mark.parametrize(("source", "error"), [("ntp", 0.01), ("gnss", 1e-4)])
def test_a_leap_second_is_no_dispute(source, error):
    line, base = Timeline(), NEW_YEAR - 100 * S
    for second in range(100):
        line.weigh(anchor(second, source=source, error=error, base=base))
    assert line.weigh(anchor(101.5, off=-1, source=source, error=error, base=base)) is Verdict.LEAP
    assert line.utc(99 * S) == NEW_YEAR - S
    assert line.utc(100 * S - 1) == NEW_YEAR - 1
    assert line.utc(100 * S) == NEW_YEAR, "23:59:60"
    assert line.utc(101 * S) == NEW_YEAR, "0:00:00"
    assert line.trust(100 * S).error < 0.02
    assert line.weigh(anchor(110, off=-1, source=source, error=error, base=base)) in (Verdict.CONFIRMED, Verdict.KEPT)


def test_a_second_less_on_any_other_day_is_a_dispute():
    line, base = Timeline(), NEW_YEAR + 31 * DAY - 100 * S
    line.weigh(anchor(99, base=base))
    assert line.weigh(anchor(110, off=-1, base=base)) is Verdict.DISPUTED
