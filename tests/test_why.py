"""``edge why``: watching a reading changes nothing of it, and what is told is what was done."""

import io
import json
import math
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers import NONE, Reason
from edge.cli import main
from edge.cli import why as command
from edge.clock import Stamp
from edge.filters import FILTERS, Chain
from edge.filters.causes import causes
from edge.filters.path import Path
from edge.filters.range import Range
from edge.filters.spike import Spike
from edge.forwarding.route import WHEREABOUTS
from edge.outbox.outbox import Outbox
from edge.outbox.search import by_seq, newest
from edge.reading import GOOD, Reading
from edge.sensing.way import Way
from tests.broker import Lab, config, needs_mosquitto
from tests.series import QUANTITIES, S, read
from tests.test_alarms import CONFIG, Run, events
from tests.test_filters_all import CASES, FLAGGERS, built, quick, series
from tests.test_forwarder import Rig, running
from tests.waiting import until

AIR = "air/temperature"


@quick
@given(series(), st.permutations(sorted(name for name in FILTERS if name != "voc_index")), st.data())
def test_to_watch_a_chain_changes_nothing(readings, names, data):
    bound = [data.draw(st.sampled_from([None, None, "pm1", "pm2_5"])) for _ in names]
    plain, watched = (Chain([*zip(bound, map(built, names), strict=True)]) for _ in range(2))
    for reading in readings:
        assert repr(watched.traced([reading], Path("pm1", "dut", [reading]))) == repr(
            plain([reading])
        )  # nan is not nan


@pytest.mark.parametrize("name", FLAGGERS)
def test_what_is_no_number_passes_where_every_flagger_is_bound_to_another_quantity(name):
    chain = Chain([("pm1", built(name)), ("pm2_5", built(name))])
    unreal = Reading("dut", "pm10", math.nan, "ug/m3", Stamp("boot", S))
    assert chain([unreal]) == chain.traced([unreal], Path("pm10", "dut", [unreal])) == [unreal]


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_step_has_the_name_that_the_filter_has_in_a_configuration(name):
    work = built(name)
    (reading,) = read("7.0", next(iter(CASES[name].quantities)))
    path = Path((CASES[name].adds or CASES[name].quantities)[0], "dut", [reading])
    Chain([(None, work)]).traced([reading], path)
    assert path.steps[-1].name == name


def watched(links, readings, quantity="temperature"):
    """The steps of the last of some readings."""
    way = Way("sht3x", Chain(links))
    for reading in readings:
        way.watch(quantity)
        way.filtered(way.corrected([reading]))
    return {step["name"]: step for step in way.seen.told()}


def test_flaggers_tell_what_they_went_by_each_for_itself():
    links = [("temperature", Spike(QUANTITIES, n=3, floor=0.5)), ("temperature", Range(QUANTITIES, high=60.0))]
    steps = watched(links, read("20 21 20 21 20 21 20 21 70"))
    assert {name: step["readings"][0]["reasons"] for name, step in steps.items()} == {
        "driver": [], "spike": ["spike"], "range": ["out_of_range"],
    }  # fmt: skip
    assert steps["spike"]["about"].startswith("median 21, limit ")
    assert steps["range"]["about"] == "-40 .. 60"


def test_a_filter_of_another_quantity_is_not_in_it_and_one_that_keeps_back_gives_nothing():
    links = [("rain", built("rate")), (None, built("cross")), (None, FILTERS["mean"](QUANTITIES, interval=60.0))]
    steps = watched(links, read("20 21"))
    assert list(steps) == ["driver", "mean"]
    assert steps["mean"]["readings"] == []


def test_a_quantity_that_a_filter_adds_begins_there():
    derive = FILTERS["derive"](QUANTITIES, quantity="kelvin", unit="K", expression="temperature + 273.15")
    steps = watched([(None, derive)], read("20"), "kelvin")
    assert steps["driver"]["readings"] == []
    assert steps["derive"]["readings"][0]["value"] == pytest.approx(293.15)


def test_the_calibration_is_a_step_where_there_is_one():
    way = Way("sht3x", Chain([]))
    way.correct, way.about = lambda readings: [one.valued(7.5) for one in readings], lambda quantity: "x + 0.5, no 3"
    way.watch("temperature")
    way.filtered(way.corrected([*read("7")]))
    assert [(step["name"], step["about"], step["readings"][0]["value"]) for step in way.seen.told()] == [
        ("driver", "sht3x", 7.0),
        ("calibration", "x + 0.5, no 3", 7.5),
    ]


def test_one_measurement_is_watched_and_no_more():
    way = Way("sht3x", Chain([]))
    way.watch("temperature")
    for reading in read("7 8"):
        way.filtered(way.corrected([reading]))
    assert way.seen.told()[0]["readings"][0]["value"] == 7.0


@pytest.fixture
def outbox(tmp_path):
    """Three channels in turn over many segments, one reading a second; an alarm at the end."""
    made = Outbox(tmp_path / "outbox", limit=1 << 22, segment=4096)
    for start in range(0, 3000, 100):
        made.put(
            [Reading(f"s{n % 3}", "level", float(n), "m", Stamp("b", n * 10**9)) for n in range(start, start + 100)]
        )
    made.put([Reading("flood", "alarm", 1.0, "1", Stamp("b", 3000 * 10**9))], alarm=True)
    yield made
    made.close()


@pytest.mark.parametrize("second", [0, 1, 700, 1501, 2999, 9999])
def test_the_newest_of_a_channel_at_a_moment_is_found(outbox, second):
    seq, reading = newest(outbox, lambda one: one.device == "s0", lambda at: at.ticks > second * 10**9)
    assert reading.value == min(second, 2999) // 3 * 3
    assert seq == reading.value + 1


def test_a_mean_is_found_although_it_was_written_after_younger_readings(outbox):
    outbox.put([Reading("m", "level", 5.0, "m", Stamp("b", 2700 * 10**9), span=300.0)])
    assert newest(outbox, lambda one: one.device == "m", lambda at: at.ticks > 2750 * 10**9)[1].value == 5.0


def test_what_never_spoke_and_what_is_too_early_is_not_found(outbox):
    assert newest(outbox, lambda one: one.device == "s9", lambda at: False) is None
    assert newest(outbox, lambda one: True, lambda at: True) is None


def test_a_seq_is_found_in_either_log(outbox):
    assert by_seq(outbox, 1501)[0].value == 1500.0
    reading, alarm = by_seq(outbox, 3001)
    assert (reading.device, alarm) == ("flood", True)
    assert by_seq(outbox, 3002) is None


def test_where_a_reading_is_on_its_way(tmp_path):
    rig = Rig(tmp_path, custody="receipt", wanted=lambda reading: reading.value != 1.0)
    rig.put(2)
    seen = [rig.forwarder.whereabouts(1, reading_of(0.0)), rig.forwarder.whereabouts(2, reading_of(1.0))]
    rig.uplink.mute = True
    with running(rig):
        rig.until(lambda: rig.forwarder.whereabouts(1, reading_of(0.0)) == "under way")
        rig.uplink.mute = False
        rig.uplink.wake()
        rig.until(lambda: rig.forwarder.whereabouts(1, reading_of(0.0)) == "handed over")
        rig.cursor.stored(1)
        seen.append(rig.forwarder.whereabouts(1, reading_of(0.0)))
        rig.cursor.refuse(9)
        seen.append(rig.forwarder.whereabouts(1, reading_of(0.0)))
    assert seen == ["waiting", "not wanted", "acknowledged", "settled"]
    assert {*seen, "under way", "handed over"} == WHEREABOUTS.keys()


def reading_of(value):
    return Reading("pm", "pm2_5", value, "ug/m3", Stamp("b", 0))


class Asked:
    """The command, on a node."""

    def __init__(self, folder, capsys):
        self._state, self._capsys = str(folder / "state"), capsys

    def __call__(self, *words):
        try:
            code = main(["why", *words, "--state", self._state])
        except SystemExit as left:
            code = left.code
        return SimpleNamespace(code=code, **dict(zip(("out", "err"), self._capsys.readouterr(), strict=True)))

    def json(self, *words):
        return json.loads(self(*words, "--json").out)


@pytest.fixture
def asked(tmp_path, capsys):
    return Asked(tmp_path, capsys)


QUICK = CONFIG.replace('"1h"', '"50ms"') + '[[uplink]]\nname = "city"\nhost = "127.0.0.1"\nport = 9\ntls = false\n'


def test_a_running_node_tells_the_way_of_the_next_reading_and_of_one_in_the_past(asked, tmp_path, capsys):
    with Run(tmp_path, QUICK) as node:
        until(lambda: node.status()["sensors"][0]["good"] > 2)
        files = ["--state", str(tmp_path / "state"), "--config", str(tmp_path / "edge.toml")]
        assert main(["calibrate", "air", "temperature", "--points", "20=21", "--by", "A. Ito", *files]) == 0
        capsys.readouterr()
        told = asked.json(AIR)
        steps = {step["name"]: step for step in told["steps"]}
        ((measured,), (corrected,)) = steps["driver"]["readings"], steps["calibration"]["readings"]
        assert (steps["driver"]["about"], steps["calibration"]["about"]) == ("sht3x", "x - 1, no 1 by A. Ito")
        assert corrected["value"] == measured["value"] - 1.0
        assert {"range", "spike", "stuck"} < steps.keys()
        (city,) = told["destinations"]
        assert (city["name"], city["state"]) == ("city", "waiting")

        past = asked.json(AIR, "--seq", str(told["seq"]))
        assert (past["at"], past["seq"]) == (told["at"], told["seq"])
        assert (past["calibration"]["raw"], past["calibration"]["value"]) == (measured["value"], corrected["value"])
        out = asked(AIR, "--at", "1ms").out
        assert out.startswith(f"{AIR} at ")
        assert [line.split()[0] for line in out.splitlines()[1:6]] == [
            "driver",
            "calibration",
            "range",
            "spike",
            "stuck",
        ]
        assert "by the flags that it carries" in out and "set up after this reading" not in out

        assert asked(AIR, "--at", "2d").code == 1
        wrong = asked("air/humidity", "--seq", str(told["seq"]))
        assert (wrong.code, f"seq {told['seq']} is of {AIR}" in wrong.err) == (64, True)
        assert "is not on the card; it has 1.." in asked(AIR, "--seq", "999999999").err
        unknown = asked("air/ph", "--wait", "1ms")
        assert (unknown.code, "air/ph gave no reading" in unknown.err) == (1, True)
        assert ": air gives temperature, humidity." in unknown.err
        assert "refuses: there is no sensor 'ari'; there are: air" in asked("ari/ph").err
        assert "is no time: write" in asked(AIR, "--at", "yesterday").err
        assert [event["event"] for event in events(node) if event["event"] == "calibration"] == ["calibration"]


@pytest.mark.broker
@needs_mosquitto
def test_what_the_broker_acknowledged_is_told(asked, tmp_path):
    with Lab(tmp_path) as lab:
        broker = lab.broker()
        node = lab.node(config(broker.port, 'air sht3x sim:// interval="200ms"'))
        node.ready()
        until(lambda: (node.status() or {"uplinks": [{"delivered": 0}]})["uplinks"][0]["delivered"] > 10)
        out = asked(AIR, "--seq", "1").out or asked("air/humidity", "--seq", "1").out
        assert out.splitlines()[-1].split() == ["city", "acknowledged"]


def test_half_a_channel_is_told_without_a_node(asked):
    assert "'air' is not SENSOR/QUANTITY" in asked("air").err
    assert asked(AIR).code == 69


def step(name, value, about="", reasons=(), level=1, unit="ug/m3"):
    reading = {"value": value, "unit": unit, "raw": None, "span": 0.0, "level": level, "reasons": list(reasons)}
    return {"name": name, "about": about, "readings": [] if value == "kept" else [reading]}


TOLD = {
    "at": {"boot": "b0017", "ticks": 5 * 10**9, "utc": 1_772_380_992.481},
    "seq": 8402,
    "lane": "routine",
    "steps": [
        step("driver", 11.8, "pms5003"),
        step("calibration", 11.3, "0.96 x - 0.1, no 3 by A. Ito"),
        step("range", 11.3, "0 .. 1000"),
        step("spike", 11.3, "median 6.1, limit 4", ["spike"], 3),
    ],
    "destinations": [{"name": "city", "state": "waiting", "link": "down"}],
}


def test_a_trace_is_told_a_line_a_step():
    assert list(command.lines("pm/pm2_5", TOLD)) == [
        "pm/pm2_5 at 2026-03-01 16:03:12.481 UTC (seq 8 402)",
        "  driver pms5003  11.8 µg/m³",
        "  calibration     11.3 µg/m³   0.96 x - 0.1, no 3 by A. Ito",
        "  range           ok   0 .. 1000",
        "  spike           suspect: spike   median 6.1, limit 4",
        "  card            seq 8402, routine",
        "  city            waits on the card; the link is down",
    ]


PAST = {
    "at": TOLD["at"],
    "seq": 8402,
    "lane": "routine",
    "reading": step("", 11.3, reasons=["spike", "warming_up", "saturated"], level=3)["readings"][0] | {"raw": 11.8},
    "calibration": {"about": "0.96 x - 0.1, no 3 by A. Ito", "value": 11.3},
    "filters": {
        "passed": [
            {"name": "range", "about": "0 .. 1000", "reasons": ["saturated"], "sure": False},
            {"name": "spike", "about": "n 7, times 6", "reasons": ["spike"], "sure": True},
            {"name": "stuck", "about": "for 10800 s", "reasons": [], "sure": True},
        ],
        "brought": ["warming_up"],
        "same": False,
    },
    "destinations": [],
}


def test_of_the_past_each_filter_is_told_by_the_flags():
    assert list(command.lines("pm/pm2_5", PAST)) == [
        "pm/pm2_5 at 2026-03-01 16:03:12.481 UTC (seq 8 402)",
        "  driver       11.8 µg/m³   brings warming_up",
        "  calibration  11.3 µg/m³   0.96 x - 0.1, no 3 by A. Ito",
        "  range        perhaps saturated   0 .. 1000",
        "  spike        spike   n 7, times 6",
        "  stuck        ok   for 10800 s",
        "  result       11.3 µg/m³   suspect: spike, warming_up, saturated",
        "               the filters were set up after this reading: those of then may have been others",
        "               by the flags that it carries; to see each filter at work leave out --seq and --at",
        "  card         seq 8402, routine",
    ]


def test_an_alarm_went_through_no_filter():
    told = PAST | {"filters": None, "calibration": None, "reading": step("", 1.0, unit="1")["readings"][0]}
    assert [line.split()[0] for line in command.lines("flood/alarm", told)][1:3] == ["driver", "result"]


def asked_of(reasons, *links, quantity="temperature"):
    """What each filter can have given of the reasons of a reading, and what it brought."""
    reading = Reading("dut", quantity, 20.0, "Cel", Stamp("boot", S), quality=GOOD.flagged(reasons))
    found, brought = causes(links, reading)
    return {one.name: (str(one.reasons), one.sure) for one in found}, brought


def test_a_reason_of_one_filter_is_surely_its_own():
    links = (None, built("spike")), (None, built("stuck"))
    found, brought = asked_of(Reason.SPIKE | Reason.WARMING_UP, *links)
    assert found == {"spike": (str(Reason.SPIKE), True), "stuck": (str(NONE), True)}
    assert brought == Reason.WARMING_UP


def test_a_reason_of_several_filters_or_of_the_device_too_is_nobodys_surely():
    links = ("temperature", built("range")), (None, built("climatology"))
    assert asked_of(Reason.OUT_OF_RANGE, *links)[0] == {
        "range": (str(Reason.OUT_OF_RANGE), False), "climatology": (str(Reason.OUT_OF_RANGE), False),
    }  # fmt: skip
    assert asked_of(Reason.SATURATED, *links)[0]["range"] == (str(Reason.SATURATED), False)


def test_a_filter_that_the_reading_did_not_pass_is_no_cause():
    links = ("rain", built("spike")), (None, built("cross")), (None, built("derive"))
    assert asked_of(Reason.SPIKE | Reason.INCONSISTENT, *links) == ({}, Reason.SPIKE | Reason.INCONSISTENT)
    assert asked_of(Reason.STALE, *links, quantity="power")[0] == {"derive": (str(Reason.STALE), False)}


def test_what_a_filter_went_by_then_is_what_it_goes_by():
    spike = Spike(QUANTITIES, n=3, floor=0.5)
    list(map(spike, read("20 21 20 21 20 21 20 21 70")))
    assert spike.setting("temperature", Stamp("boot", 0)) == "n 3, times 6, floor 0.5"
    work = FILTERS["climatology"](QUANTITIES, limits=((1.0, 2.0),) * 7 + ((3.0, 4.0),) * 5)
    work.date = lambda stamp: 1_780_000_000 * 10**9  # in May
    assert work.setting("temperature", Stamp("boot", 0)) == "in may 1 .. 2"


def test_what_is_kept_back_has_no_number():
    told = TOLD | {"seq": None, "destinations": [], "steps": [*TOLD["steps"], step("mean", "kept", "interval 60 s")]}
    told["at"] = told["at"] | {"utc": None}
    lines = list(command.lines("pm/pm2_5", told))
    assert lines[0] == "pm/pm2_5 at 5.000 s after boot b0017, which has no date yet"
    assert lines[-2:] == [
        "  mean            keeps it back   interval 60 s",
        "  card            nothing: a filter keeps it back",
    ]


def test_a_plain_terminal_gets_ascii(monkeypatch):
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setattr(command, "asked", lambda state, word, **more: TOLD)
    assert main(["why", "pm/pm2_5", "--seq", "8402"]) == 0
    out.flush()
    assert b"11.8 ug/m3" in out.buffer.getvalue()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5min", {"ago": 300.0}),
        ("16:03:12", {"utc": 1_772_380_992.0}),
        ("17:00", {"utc": 1_772_384_459.999 - 86400}),
        ("2026-03-01T16:03:12", {"utc": 1_772_380_992.0}),
        ("2026-03-01T17:03:12+01:00", {"utc": 1_772_380_992.0}),
    ],
)
def test_a_moment_is_a_span_a_time_of_day_or_a_date(text, expected, monkeypatch):
    monkeypatch.setattr(command, "asked", lambda state, word: {"clock": {"utc": 1_772_381_000.0}})
    assert command._when(SimpleNamespace(at=text, state=None)) == pytest.approx(expected)
