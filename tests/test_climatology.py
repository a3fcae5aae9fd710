"""Limits by month: which one judges a reading, and how they are written."""

from datetime import UTC, datetime

import pytest

import drivers
from drivers import Reason
from edge.filters import FILTERS, Chain
from edge.reading import GOOD, Level, Quality
from edge.sensing.build import chain_of
from edge.settings import load
from edge.settings.check import examine
from tests.series import QUANTITIES, S, read

WINTER, SUMMER = (-12.0, 12.0), (8.0, 36.0)
YEAR = (WINTER,) * 3 + (SUMMER,) * 6 + (WINTER,) * 3


def built(limits=YEAR, date=None):
    work = FILTERS["climatology"](QUANTITIES, limits=limits)
    start = None if date is None else round(datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp()) * S
    work.date = lambda stamp: None if start is None else start + stamp.ticks
    return work


def levels(work, text, every=1.0):
    return [done.quality for reading in read(text, every=every) for done in work(reading)]


def test_a_month_has_limits_of_its_own_and_what_it_never_had_is_suspect():
    suspect = Quality(Level.SUSPECT, Reason.OUT_OF_RANGE)
    assert levels(built(date="2026-01-15"), "-13 -12 12 12.1") == [suspect, GOOD, GOOD, suspect]
    assert levels(built(date="2026-07-15"), "7.9 8 36 36.1") == [suspect, GOOD, GOOD, suspect]


def test_the_limits_change_with_the_month_of_utc():
    assert [one is GOOD for one in levels(built(date="2026-03-31T23:59:59"), "5 5 20")] == [True, False, True]


def test_a_reading_without_a_date_is_judged_by_the_widest_limits():
    assert [one is GOOD for one in levels(built(), "-12.1 -12 36 36.1")] == [False, True, True, False]


def test_a_month_without_limits_is_not_judged_and_then_no_undated_reading_is():
    gap = (None, *YEAR[1:])
    assert levels(built(gap, "2026-01-15"), "99") == levels(built(gap), "99") == [GOOD]
    assert levels(built(gap, "2026-02-15"), "99") != [GOOD]


@pytest.mark.parametrize(
    ("date", "limits", "about"),
    [
        ("2026-07-15", YEAR, "in jul 8 .. 36"),
        (None, YEAR, "without a date -12 .. 36"),
        ("2026-01-15", (None, *YEAR[1:]), "no limits in jan"),
        (None, (None, *YEAR[1:]), "no limits without a date"),
    ],
)
def test_it_says_which_limits_it_went_by(date, limits, about):
    work = built(limits, date)
    levels(work, "20")
    assert work.about("temperature") == about


# In a configuration

SENSOR = '[node]\nid = "n"\n[[sensor]]\nname = "a"\ndriver = "ds18b20"\nw1 = "sim://"\n'
FILTER = SENSOR + '[[sensor.filter]]\ntype = "climatology"\n'
LIMITS = FILTER + "[sensor.filter.limits]\n"


def test_seasons_are_written_as_months_and_go_round_the_year(tmp_path):
    path = tmp_path / "edge.toml"
    path.write_text(LIMITS + "nov-feb = [-1, 9.5]\njul = [9.0, 26.0]\n")
    (limits,) = (item.options["limits"] for item in load(path).sensors[0].filters)
    winter = (-1.0, 9.5)
    assert limits == (winter, winter, *[None] * 4, (9.0, 26.0), None, None, None, winter, winter)


@pytest.mark.parametrize(
    ("text", "line", "column", "what", "remedy"),
    [
        (FILTER, 7, 3, "'limits' is missing in filter of sensor 'a'", "dec-feb = [-1.0, 9.5]"),
        (FILTER + "limits = [1, 2]\n", 9, 10, "'limits' must be months and their limits, not [1, 2]", "dec-feb ="),
        (LIMITS, 9, 2, "'limits' names no month", "dec-feb ="),
        (LIMITS + "jnu = [1, 2]\n", 10, 1, "'limits' has 'jnu', which is no month", "write jan, feb, mar"),
        (LIMITS + "jan-smarch = [1, 2]\n", 10, 1, "'limits' has 'jan-smarch', which is no month", "dec-feb"),
        (LIMITS + "jun = [1, 2]\nmay-aug = [1, 3]\n", 11, 1, "'limits' has jun twice", "each month once"),
        (LIMITS + "jun = 3\n", 10, 7, "'jun' must be its lowest and highest value, not 3", "jun = [-1.0, 9.5]"),
        (LIMITS + "jun = [1]\n", 10, 7, "'jun' must be its lowest and highest value, not [1]", "jun = [-1.0, 9.5]"),
        (LIMITS + 'jun = [1, "2"]\n', 10, 11, "'jun' must be a number, not \"2\"", "without quotes"),
        (LIMITS + "jun = [2, 1]\n", 10, 7, "'jun' = [2, 1]: the lower limit comes first", "jun = [1, 2]"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_them_is_shown_where_it_stands(tmp_path, text, line, column, what, remedy):
    path = tmp_path / "edge.toml"
    path.write_text(text)
    settings, (problem,) = examine(path)
    assert settings is None
    assert (problem.line, problem.column) == (line, column), problem
    assert what in problem.what and remedy in problem.remedy, problem


def test_the_date_comes_from_the_clock_of_the_node(tmp_path):
    path = tmp_path / "edge.toml"
    path.write_text(LIMITS + "jan-dec = [0, 1]\n")
    (sensor,) = load(path).sensors
    asked = []
    chain = chain_of(sensor, drivers.load(sensor.driver), lambda *names: None, asked.append)
    assert isinstance(chain, Chain)
    (reading,) = read("20", "temperature")
    chain([reading._replace(quantity="water_temperature")])
    assert asked == [reading.at]
