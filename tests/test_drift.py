"""What the filter ``drift`` calls a drift, and what it bears for ever."""

import math

import pytest

from drivers import Reason
from edge.clock import Stamp
from edge.filters.drift import Drift
from edge.filters.filter import Unfit
from edge.reading import GOOD, MISSING, Reading
from tests.quality.drift import PAIRS, Found, line
from tests.series import QUANTITIES, S

HOUR = 3600
TEN = 600  # seconds between two readings


class Bench:
    """A sensor, others beside it, and the filter; all say 20 but for what is told."""

    def __init__(self, *others, **options):
        names = others or ("other",)
        options = {"slack": 0.5, "after": 6.0 * HOUR} | options
        against = [f"{name}/temperature" for name in names]
        self.work = Drift(QUANTITIES, quantity="temperature", against=against, **options)
        self.work.pace = float(TEN)
        self.work.look_up = lambda sensor, quantity: self.others[sensor]
        self.others = dict.fromkeys(names)
        self.now = 0

    def run(self, hours, apart=0.0, quality=GOOD, unit="Cel", age=0.0, **others):
        """Lets the sensor be ``apart``, and others as given; the hours after which it is flagged, None if it is not."""
        begin, found = self.now, None
        for _ in range(math.ceil(hours * HOUR / TEN)):
            self.now += TEN
            for name in self.others:
                value = 20.0 + others.get(name, 0.0)
                at = Stamp("boot", round((self.now - age) * S))
                self.others[name] = Reading(name, "temperature", value, unit, at)
            ((out),) = self.work(self.reading(20.0 + apart, quality))
            if found is None and Reason.INCONSISTENT in out.quality.reasons:
                found = (self.now - begin) / HOUR
        return found

    def reading(self, value, quality=GOOD):
        return Reading("dut", "temperature", value, "Cel", Stamp("boot", self.now * S), quality=quality)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("apart", "hours"), [(0.5, None), (0.75, 12.2), (1.0, 6.2), (1.5, 3.2), (2.0, 2.2), (50.0, 2.2)]
)
def test_the_larger_the_difference_the_sooner_it_is_found(apart, hours, sign):
    found = Bench().run(48, sign * apart)
    assert found == (None if hours is None else pytest.approx(hours, abs=0.2))


def test_what_comes_and_goes_is_no_drift():
    bench = Bench()
    assert all(bench.run(1.5, 20.0) is None and bench.run(6) is None for _ in range(10))


def test_the_flag_goes_when_it_has_come_back():
    bench = Bench()
    assert bench.run(100, 1.0) is not None
    assert bench.run(6.5) == pytest.approx(TEN / HOUR)
    assert bench.run(6) is None


def test_a_slow_drift_is_found_when_it_has_come_to_a_few_times_the_slack():
    """3 slacks in 30 h: t = slack / slope + sqrt(2 slack after / slope) = 10 + sqrt(120) = 21 h."""
    bench, slope = Bench(), 3 * 0.5 / 30
    found = next(hour for hour in range(48) if bench.run(1, slope * hour) is not None)
    assert found == pytest.approx(21, abs=1)


def test_among_three_the_median_tells_which_one_has_drifted():
    assert Bench("a", "b").run(48, 2.0) is not None
    assert Bench("a", "b", "c").run(48, 0.0, a=5.0) is None
    assert Bench("a", "b").run(48, 0.0, a=5.0) is not None  # of two others nobody knows: their middle has moved


@pytest.mark.parametrize(
    "doubt", [{"quality": GOOD.flagged(Reason.MAINTENANCE)}, {"quality": MISSING}, {"unit": "K"}, {"age": 61.0}]
)
def test_what_is_suspect_too_old_or_in_another_unit_does_not_count(doubt):
    assert Bench().run(48, 5.0, **doubt) is None


def test_a_gap_is_no_evidence():
    bench = Bench()
    bench.run(1, 5.0)
    bench.now += 1000 * HOUR
    assert bench.run(TEN / HOUR, 5.0) is None


def test_other_quantities_are_left_alone_and_directions_go_round():
    bench = Bench()
    bench.run(48, 5.0)
    humid = bench.reading(1.0)._replace(quantity="rain")
    assert list(bench.work(humid)) == [humid]
    work = Drift(QUANTITIES, quantity="course", against=["other/course"], slack=5.0, after=60.0)
    work.look_up = lambda *names: Reading("other", "course", 359.0, "deg", at)
    for second in range(600):
        at = Stamp("boot", second * S)
        assert next(iter(work(Reading("dut", "course", 1.0, "deg", at)))).quality == GOOD


def test_it_says_how_much_is_proved():
    bench = Bench()
    assert bench.work.about("temperature") == "nothing to compare with yet"
    bench.run(19 * TEN / HOUR, 1.0)
    assert bench.work.about("temperature") == "+1 against other/temperature, 50% of a drift proved"


@pytest.mark.parametrize(
    ("options", "option"),
    [({"quantity": "ph", "against": ["a/ph"]}, "quantity"), ({"quantity": "rain", "against": []}, "against"),
     ({"quantity": "rain", "against": ["snow"]}, "against")],
)  # fmt: skip
def test_what_cannot_be_compared_is_refused(options, option):
    with pytest.raises(Unfit) as caught:
        Drift(QUANTITIES, slack=1.0, **options)
    assert caught.value.option == option


def test_the_command_tells_what_was_found_and_what_was_not():
    found = Found(10_000, 2, {"drift": [3600, 7200, None], "jump": [600, 600, 600]})
    assert (found.missed, found.per_10_000) == (1, 2.0)
    assert line(PAIRS[0], found).split() == ["pm2_5", "pms5003", "6", "ug/m3", "2/3", "1.5h", "3/3", "0.2h", "2.00"]
