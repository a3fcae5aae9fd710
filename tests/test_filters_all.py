"""What holds for every filter: it invents nothing, mends nothing, keeps the raw value, remembers little."""

import gc
import math
import sys
from collections.abc import Callable
from functools import cache
from random import Random
from types import FunctionType, ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers import NONE, Reason
from edge.clock import Stamp
from edge.filters import FILTERS, Chain, Filter, Flagger
from edge.reading import GOOD, MISSING, Level, Reading
from tests.series import QUANTITIES, S

PM = ("pm1", "pm2_5", "pm10")


class Case:
    """A filter with options that make it work, and quantities that it works on.

    ``adds`` are quantities of its own; ``averages`` says that it gives one reading for many, over their span, and
    ``converts`` that it gives the same value in another unit, so that there is no other raw value.
    """

    def __init__(
        self, *, quantities: tuple[str, ...] = PM, adds: tuple[str, ...] = (), averages=False, converts=False, **options
    ):
        self.quantities, self.adds, self.options = quantities, adds, options
        self.averages, self.converts = averages, converts


CASES = {
    "calibrate": Case(gain=1.07, offset=-0.4),
    "climatology": Case(limits=((-1.0, 100.0),) * 12),
    "convert": Case(quantities=("flow",), converts=True, to="m3/h"),
    "cross": Case(ascending=["pm1", "pm2_5", "pm10"], tolerance=1.0),
    "deadband": Case(band=0.5, heartbeat=30.0),
    "drift": Case(quantity="pm1", against=["pm2_5"], slack=0.5, after=60.0),
    "exponential_mean": Case(tau=10.0),
    "derive": Case(
        quantities=("flow", "temperature"),
        adds=("power",),
        quantity="power",
        unit="kW",
        expression="flow * temperature",
    ),
    "mean": Case(interval=10.0, averages=True),
    "median": Case(n=3),
    "moving_mean": Case(n=3),
    "range": Case(high=500.0, suspect_high=100.0),
    "rate": Case(limit=5.0, per=1.0),
    "spike": Case(n=3, times=3.0),
    "stale": Case(by="pm1", after=2.0),
    "stuck": Case(**{"for": 4.0}),
    "voc_index": Case(quantities=("voc_raw",), adds=("voc_index",)),
}
FLAGGERS = sorted(name for name in FILTERS if issubclass(FILTERS[name], Flagger))
REPEATS = {"deadband"}  # it compares with what it let through, whatever that was
ONE_BOOT = {"mean", "voc_index"}  # they begin anew with the process, which lives in one boot

quick = settings(max_examples=20)
each = pytest.mark.parametrize("name", sorted(FILTERS))

numbers = st.sampled_from([0.0, 7.0, 7.04, 95.0, 600.0, 5000.0, -3.0]) | st.floats(-1e4, 1e4)
values = st.none() | numbers | st.sampled_from([math.nan, math.inf, -math.inf])
qualities = st.sampled_from(
    [GOOD] * 6 + [GOOD.flagged(reason) for reason in (Reason.WARMING_UP, Reason.STUCK, Reason.SENSOR_FAULT)]
)
pauses = st.sampled_from([1, 1, 1, 1, 3, 60]).map(lambda seconds: seconds * S) | st.integers(1, 10 * S)


@cache  # to make a strategy takes longer than to draw from it
def series(names=PM, values=values):
    """Measurements of a device: readings of all its quantities with one stamp, again and again."""
    measurement = st.tuples(pauses, st.tuples(*[st.tuples(values, qualities)] * len(names)))
    return st.lists(measurement, max_size=20).map(lambda drawn: [*readings_of(names, drawn)])


def readings_of(names, drawn):
    ticks = 0
    for pause, measurement in drawn:
        ticks += pause
        for name, (value, quality) in zip(names, measurement, strict=True):
            quality = MISSING if value is None else quality
            yield Reading("dut", name, value, QUANTITIES[name].unit, Stamp("boot", ticks), quality=quality)


def built(name: str, latest: dict[tuple[str, str], Reading] | None = None) -> Filter:
    try:
        work = FILTERS[name](QUANTITIES, **CASES[name].options)
    except ImportError as error:
        pytest.skip(str(error))
    work.look_up = lambda device, quantity: ({} if latest is None else latest).get((device, quantity))
    return work


def ran(work: Callable[[Reading], object], readings: list[Reading], latest: dict[tuple[str, str], Reading]):
    """What comes of readings, measurement by measurement, each known to ``look_up`` before it is filtered."""
    out = []
    for reading in readings:
        latest |= {(one.device, one.quantity): one for one in readings if one.at == reading.at}
        out.extend(work(reading))
    return out


def through(name: str, readings: list[Reading]) -> list[Reading]:
    latest: dict[tuple[str, str], Reading] = {}
    work = built(name, latest)
    return ran(work, readings, latest) + list(work.rest())


def sources(reading: Reading, case: Case, readings: list[Reading]) -> list[Reading]:
    """Of what a reading can have come: its twin, those that its interval covers, or those it was derived from."""
    names = case.quantities if reading.quantity in case.adds else (reading.quantity,)
    end = reading.at.ticks + round(reading.span * S)
    return [
        one for one in readings
        if one.quantity in names and one.at.boot == reading.at.boot and reading.at.ticks <= one.at.ticks <= end
    ]  # fmt: skip


def finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def test_every_filter_is_tested_here():
    assert CASES.keys() == FILTERS.keys()


@each
@quick
@given(data=st.data())
def test_nothing_is_invented_and_no_flag_is_mended(name, data):
    case = CASES[name]
    readings = data.draw(series(case.quantities))
    out = through(name, readings)
    assert len({(one.quantity, one.at) for one in out}) == len(out)
    for reading in out:
        origin = sources(reading, case, readings)
        assert origin, f"{reading} came from nothing"
        assert not finite(reading.value) or any(finite(one.value) for one in origin), (
            f"{reading} is a number, its sources are none"
        )
        assert reading.quality.level >= min(one.quality.level for one in origin), f"{reading} was worse"
        if not case.averages:
            assert all(reading.quality.reasons & one.quality.reasons == one.quality.reasons for one in origin)
        if not (case.averages or case.converts or reading.quantity in case.adds):
            (before,) = origin
            same = reading.value == before.value or (reading.value != reading.value and before.value != before.value)
            assert same or reading.raw == before.value, f"{reading} has lost its raw value"


@each
def test_a_filter_finds_only_what_it_says_that_it_may(name):
    random, names, drawn = Random(5), CASES[name].quantities, []
    for _ in range(40):
        values = [(random.choice((0.0, 7.0, 7.04, 95.0, 600.0, -3.0)), GOOD) for _ in names]
        drawn += [(random.choice((1, 1, 3, 60)) * S, values)] * random.choice((1, 1, 6))
    found = {reading.quality.reasons for reading in through(name, [*readings_of(names, drawn)])}
    may = FILTERS[name].reasons
    assert all(reasons & may == reasons for reasons in found)
    assert found != {NONE} or not issubclass(FILTERS[name], Flagger), "the series gives it nothing to find"


@each
def test_a_missing_reading_goes_through_as_it_is(name):
    case = CASES[name]
    readings = [
        Reading("dut", one, None, QUANTITIES[one].unit, Stamp("boot", at * 7 * S), quality=MISSING)
        for at in range(20)
        for one in case.quantities
    ]
    out = through(name, readings)
    assert all(one.value is None and one.quality == MISSING for one in out)
    own = [one for one in out if one.quantity not in case.adds]
    assert case.averages or case.converts or own == readings


@each
@quick
@given(data=st.data())
def test_a_new_boot_begins_anew(name, data):
    if name in ONE_BOOT:
        pytest.skip("begins anew with the process")
    first, second = data.draw(series(CASES[name].quantities)), data.draw(series(CASES[name].quantities))
    second = [one._replace(at=one.at._replace(boot="next")) for one in second]
    after = [one for one in through(name, first + second) if one.at.boot == "next"]
    assert repr(after) == repr(through(name, second))  # as text: one NaN is not equal to another


@each
@quick
@given(data=st.data())
def test_what_was_bad_before_leaves_no_trace(name, data):
    if name in REPEATS:
        pytest.skip("compares with what it let through")
    readings = data.draw(series(CASES[name].quantities, values=numbers))
    believed = [one for one in readings if one.quality.level < Level.BAD]
    out = [one for one in through(name, readings) if one.quality.level < Level.BAD]
    without = [one for one in through(name, believed) if one.quality.level < Level.BAD]
    assert CASES[name].averages or out == without  # an average has the span of all that was heard


@each
def test_memory_is_bounded(name):
    case, latest = CASES[name], {}
    work = built(name, latest)
    kept = []
    for turn in range(3):
        for at in range(turn * 500, turn * 500 + 500):
            stamp = Stamp("boot", at * S)
            ran(work, [Reading("dut", one, at % 97 * 1.5, "1", stamp) for one in case.quantities], latest)
        kept.append(weight(work))
    assert kept[2] < kept[1] + 500, kept


def weight(work: Filter) -> int:
    """The bytes of all that a filter holds: what its attributes lead to, without code."""
    found: dict[int, object] = {}
    new: list[object] = list(vars(work).values())
    while new:
        one = new.pop()
        if id(one) not in found and not isinstance(one, type | ModuleType | FunctionType):
            found[id(one)] = one
            new += gc.get_referents(one)
    return sum(map(sys.getsizeof, found.values()))


@quick
@given(readings=series(), order=st.permutations(FLAGGERS), bound=st.sampled_from([None, "pm2_5"]))
def test_the_order_of_flaggers_changes_nothing(readings, order, bound):
    def out(names: list[str]) -> list[Reading]:
        latest: dict[tuple[str, str], Reading] = {}
        chain = Chain([(bound if name == order[0] else None, built(name, latest)) for name in names])
        return ran(lambda reading: chain([reading]), readings, latest)

    assert repr(out(order)) == repr(out(sorted(order)))


@quick
@given(readings=series())
def test_flaggers_next_to_each_other_find_what_each_finds_alone(readings):
    latest: dict[tuple[str, str], Reading] = {}
    chain = Chain([(None, built(name, latest)) for name in FLAGGERS])
    together = ran(lambda reading: chain([reading]), readings, latest)
    alone = [through(name, readings) for name in FLAGGERS]
    for reading, *found in zip(together, *alone, strict=True):
        quality = found[0].quality
        for one in found[1:]:
            quality = quality.joined(one.quality)
        assert reading.quality == quality
