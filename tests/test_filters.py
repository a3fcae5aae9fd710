"""Calibration, means and the chain. What holds for every filter is in test_filters_all.py."""

from drivers import Quantity, Reason
from edge.clock import Stamp
from edge.filters import FILTERS, Chain
from edge.reading import GOOD, MISSING, Reading, Spread

PM = Quantity("pm2_5", "ug/m3", 0, 1000)
QUANTITIES = {"pm2_5": PM}
S = 10**9


def reading(value, at=0, quality=GOOD, quantity="pm2_5"):
    return Reading("pm", quantity, value, "ug/m3", Stamp("boot", at), quality=quality)


def built(name, **options):
    return FILTERS[name](QUANTITIES, **options)


def test_calibrate_keeps_the_raw_value_and_reproduces_exactly():
    (once,) = built("calibrate", gain=1.07, offset=-0.4)(reading(20.0))
    assert (once.value, once.raw) == (20.0 * 1.07 - 0.4, 20.0)
    (twice,) = built("calibrate", gain=2.0)(once)
    assert twice.raw == 20.0


def test_mean_comes_when_the_interval_is_over_and_knows_what_it_is_made_of():
    mean = built("mean", interval=10.0)
    assert [out for at in range(5) for out in mean(reading(float(at), at * 2 * S))] == []
    (out,) = mean(reading(99.0, 10 * S))
    assert (out.value, out.span, out.at) == (2.0, 10.0, Stamp("boot", 0))
    assert out.spread == Spread(5, 0.0, 4.0)


def test_mean_leaves_bad_values_out_and_never_averages_silence_away():
    mean = built("mean", interval=10.0)
    bad = reading(5000.0, S, GOOD.flagged(Reason.OUT_OF_RANGE))
    assert [*mean(reading(4.0, 0)), *mean(bad), *mean(reading(6.0, 2 * S))] == []
    (out,) = mean(reading(None, 11 * S, MISSING))
    assert (out.value, out.spread.count) == (5.0, 2)
    (silent,) = mean(reading(1.0, 20 * S))
    assert silent.value is None
    assert silent.quality == MISSING


def test_mean_gives_what_it_holds_when_the_node_stops():
    mean = built("mean", interval=60.0)
    for at in range(4):
        assert not list(mean(reading(float(at), at * S)))
    (out,) = mean.rest()
    assert (out.value, out.span) == (1.5, 3.0)
    assert not list(mean.rest())


def test_mean_flags_an_interval_with_a_flagged_reading():
    mean = built("mean", interval=10.0)
    list(mean(reading(1.0, 0, GOOD.flagged(Reason.WARMING_UP))))
    (out,) = mean(reading(1.0, 10 * S))
    assert out.quality.reasons == Reason.WARMING_UP


def test_a_chain_runs_in_order_and_a_bound_filter_lets_others_pass():
    chain = Chain([("pm2_5", built("calibrate", gain=2.0)), (None, built("range"))])
    other = reading(7.0, quantity="pm2_5")
    assert [out.value for out in chain([other])] == [14.0]
    quantities = {"pm2_5": PM, "pm10": Quantity("pm10", "ug/m3", 0, 1000)}
    bound = Chain([("pm2_5", FILTERS["calibrate"](quantities, gain=2.0))])
    assert bound([reading(7.0, quantity="pm10")])[0].value == 7.0
