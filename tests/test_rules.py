"""Rules in virtual time: when an alarm is raised and cleared, and what never does either."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers import BusError, Reason
from edge.clock import Stamp
from edge.reading import GOOD, MISSING, Reading
from edge.rules import Past, Standing, alarms, recalled
from edge.settings import ConditionSettings, RuleSettings
from edge.state import State

LEVEL = {"sensor": "probe", "quantity": "level"}
BAD, SUSPECT = GOOD.flagged(Reason.SENSOR_FAULT), GOOD.flagged(Reason.RATE)


class Line:
    """A GPIO line that notes its levels; ``broken`` makes it fail."""

    def __init__(self):
        self.levels, self.broken, self.closed = [], False, False

    def on(self):
        self.set(True)

    def off(self):
        self.set(False)

    def set(self, level):
        if self.broken:
            raise BusError("GPIO 27: no such line")
        self.levels.append(level)

    def close(self):
        self.closed = True


class Bench:
    """The rules of a node, its readings second by second, and what came of them."""

    def __init__(self, *rules, past=None, boot="boot", start=0):
        self.rules, self.past, self.boot, self.now = rules, past or Past(), boot, start
        self.line, self.said, self.told, self.away = Line(), [], [], set()
        self.begin()

    def begin(self):
        self.alarms = alarms(self.rules, self.past, self.stamp, self.plug)
        self.alarms.offer = self.said.extend
        self.alarms.tell = lambda kind, **fields: self.told.append({"event": kind, **fields})
        self.alarms.excused = lambda sensor: sensor in self.away
        self.alarms.start(self.stamp)

    def plug(self, gpio):
        if self.line.broken:
            raise BusError("GPIO 27: no such line")
        return self.line

    @property
    def stamp(self):
        return Stamp(self.boot, int(self.now * 1e9))

    @property
    def changes(self):
        """The seconds at which the alarm changed, each with its value."""
        return [(reading.at.ticks / 1e9, reading.value) for reading in self.said]

    def give(self, value, *, device="probe", quantity="level", quality=GOOD, after=1.0):
        """A reading ``after`` so many seconds."""
        self.now += after
        self.alarms.hear([Reading(device, quantity, value, "m", self.stamp, quality=quality)])

    def series(self, values, **more):
        for value in values:
            self.give(value, **more)

    def wait(self, seconds):
        """Time passes, and nothing is heard."""
        for _ in range(int(seconds)):
            self.now += 1
            self.alarms.tick(self.stamp)


def rule(*conditions, name="flood", **more):
    return RuleSettings(name, tuple(ConditionSettings(**(LEVEL | item)) for item in conditions), **more)


ABOVE = {"above": 3.0, "clear": 2.8}


def kept(bench, folder, boot):
    """What a run in that boot finds of an earlier one."""
    bench.past.save(State(folder / "state.json"), bench.boot)
    return recalled(State(folder / "state.json"), boot)


def test_a_limit_raises_with_the_very_reading_and_clears_at_its_clear_level():
    bench = Bench(rule(ABOVE))
    bench.series([2.9, 3.0, 3.1, 2.9, 3.0, 2.9, 2.8])
    assert bench.changes == [(3, 1.0), (7, 0.0)]
    assert {(said.device, said.quantity, said.unit) for said in bench.said} == {("flood", "alarm", "1")}
    assert bench.told[0] == {"event": "alarm", "rule": "flood", "state": "raised", "since": Stamp("boot", 3 * 10**9),
                             "sensor": "probe", "quantity": "level", "value": 3.1, "limit": 3.0}  # fmt: skip
    assert bench.told[1]["state"] == "cleared" and bench.told[1]["value"] == 2.8


def test_a_lower_limit_is_its_mirror():
    bench = Bench(rule({"below": 1.0, "clear": 1.2}))
    bench.series([1.1, 1.0, 0.9, 1.1, 1.2])
    assert bench.changes == [(3, 1.0), (5, 0.0)]


def test_hold_times_count_without_a_break():
    bench = Bench(rule(ABOVE, hold=3.0, clear_hold=2.0))
    bench.series([3.1, 3.1, 3.1, 2.7, 3.1, 3.1, 3.1, 3.1, 2.7, 3.1, 2.7, 2.7, 2.7])
    assert bench.changes == [(8, 1.0), (13, 0.0)]
    assert [told["since"].ticks for told in bench.told] == [5 * 10**9, 11 * 10**9]


@pytest.mark.parametrize(
    ("value", "quality"),
    [(None, MISSING), (9.0, BAD), (9.0, GOOD.flagged(Reason.WARMING_UP)), (9.0, GOOD.flagged(Reason.MAINTENANCE))],
)
def test_what_is_no_evidence_neither_raises_nor_clears(value, quality):
    bench = Bench(rule(ABOVE))
    bench.series([1.0] + [value] * 5, quality=quality)
    assert bench.changes == []
    bench.give(3.1)
    bench.series([value if value is None else 0.0] * 5, quality=quality)
    assert bench.changes == [(7, 1.0)]
    assert bench.alarms.status()[0]["blind"] == {"probe/level": "value"}
    bench.give(2.9)
    assert bench.changes == [(7, 1.0)]
    bench.give(2.8)
    assert bench.changes == [(7, 1.0), (14, 0.0)]


def test_missing_values_do_not_stop_the_hold_time_and_do_not_end_it():
    bench = Bench(rule(ABOVE, hold=5.0))
    bench.give(3.1)
    bench.series([None] * 10, quality=MISSING)
    assert bench.changes == []
    bench.give(3.1)
    assert bench.changes == [(12, 1.0)]


def test_suspect_values_count_unless_they_shall_not():
    bench = Bench(rule(ABOVE), rule(ABOVE | {"suspect": False}, name="sure"))
    bench.give(3.1, quality=SUSPECT)
    assert [said.device for said in bench.said] == ["flood"]


@pytest.mark.parametrize(("match", "changes"), [("all", [(4, 1.0), (6, 0.0)]), ("any", [(2, 1.0), (7, 0.0)])])
def test_several_conditions_of_sensors_on_several_buses(match, changes):
    other = {"sensor": "rain", "quantity": "rain", "above": 10.0, "clear": 5.0}
    bench = Bench(rule(ABOVE, other, match=match))
    for value, level in [(0.0, True), (3.5, True), (0.0, False), (12.0, False), (3.5, True), (2.0, True), (4.0, False)]:
        bench.give(value, **({} if level else {"device": "rain", "quantity": "rain"}))
    assert bench.changes == changes


def test_a_condition_nobody_has_heard_of_yet_keeps_all_from_being_raised_and_any_from_being_cleared():
    other = {"sensor": "rain", "quantity": "rain", "above": 10.0, "clear": 5.0}
    bench = Bench(rule(ABOVE, other), rule(ABOVE, other, name="either", match="any"))
    bench.series([3.5, 1.0])
    assert [(said.device, said.value) for said in bench.said] == [("either", 1.0)]


def test_a_change_within_a_time_raises_at_once_and_clears_when_the_window_has_moved_on():
    bench = Bench(rule({"statistic": "change", "over": 480.0, "above": 0.3, "clear": 0.1}))
    bench.series([1.0] * 60, after=10)
    bench.series([1.0 + 0.04 * step for step in range(1, 9)], after=10)
    assert bench.changes == [(680, 1.0)]
    bench.series([1.32] * 60, after=10)
    ((_, _), (cleared, value)) = bench.changes
    assert value == 0.0 and 660 + 480 <= cleared <= 670 + 490  # 1.24 is at most 0.1 below; a part is 10 s


def test_a_fall_is_a_negative_change():
    bench = Bench(rule({"statistic": "change", "over": 60.0, "below": -0.5, "clear": -0.5}))
    bench.series([3.0] * 10 + [2.6, 2.4])
    assert bench.changes == [(12, 1.0)]


def test_after_a_start_a_change_may_raise_but_not_clear_before_its_window_is_full():
    past = Past({"flood": Standing(raised=True, latched=True)})
    bench = Bench(rule({"statistic": "change", "over": 480.0, "above": 0.3, "clear": 0.1}), past=past)
    bench.series([1.0] * 44, after=10)
    assert bench.changes == []
    assert bench.alarms.status()[0]["blind"] == {"probe/level": "history"}
    bench.series([1.0] * 6, after=10)
    assert [value for _, value in bench.changes] == [0.0]


def test_a_mean_needs_three_quarters_of_its_window():
    bench = Bench(rule({"statistic": "mean", "over": 3600.0, "above": 50.0, "clear": 40.0}))
    bench.series([60.0] * 60, after=60)
    ((raised, _),) = bench.changes
    assert 45 * 60 <= raised <= 47 * 60
    bench.series([20.0] * 60, after=60)
    assert bench.changes[1][1] == 0.0  # 60 * (1 - x) + 20 * x = 40 at half an hour
    assert 3600 + 29 * 60 <= bench.changes[1][0] <= 3600 + 33 * 60


def test_a_gap_may_hide_the_lowest_value():
    condition = {"statistic": "lowest", "over": 24 * 3600.0, "above": 0.1, "clear": 0.1}
    bench = Bench(rule(condition))
    bench.series([0.5] * 80, after=900)  # 20 hours
    bench.give(0.5, after=3 * 3600)  # nobody knows what flowed in those three hours
    bench.series([0.5] * 4, after=900)
    assert bench.changes == []
    bench.series([0.5] * 88, after=900)
    assert [value for _, value in bench.changes] == [1.0]


def test_silence_is_told_by_time_alone_and_ends_with_the_first_value():
    bench = Bench(rule({"quantity": "", "silent": 60.0}))
    bench.give(1.0)
    bench.wait(59)
    bench.give(None, quality=MISSING, after=0)
    assert bench.changes == []
    bench.wait(2)
    assert bench.changes == [(61, 1.0)]
    assert bench.told[0]["value"] == bench.told[0]["limit"] == 60.0
    bench.give(1.0)
    assert bench.changes == [(61, 1.0), (63, 0.0)]


def test_a_sensor_that_never_spoke_is_silent_from_the_start():
    bench = Bench(rule({"silent": 60.0}), start=1000)
    bench.wait(61)
    assert bench.changes == [(1060, 1.0)]


def test_who_may_be_silent_is_given_his_time_anew():
    bench = Bench(rule({"silent": 60.0}))
    bench.give(1.0)
    bench.away.add("probe")
    bench.wait(600)
    bench.away.clear()
    bench.wait(59)
    assert bench.changes == []
    bench.wait(1)
    assert bench.changes == [(661, 1.0)]


@pytest.mark.parametrize("boot", ["boot", "another"])
def test_a_restart_neither_raises_again_nor_forgets(boot, tmp_path):
    bench = Bench(rule(ABOVE, latch=True, output=27), rule({"silent": 60.0}, name="dumb"))
    bench.give(3.5)
    bench.wait(100)
    assert [(said.device, said.value) for said in bench.said] == [("flood", 1.0), ("dumb", 1.0)]
    after = Bench(*bench.rules, past=kept(bench, tmp_path, boot), boot=boot, start=200)
    assert after.line.levels == [True]
    after.wait(100)
    after.give(2.9, after=0)
    assert [(said.device, said.value) for said in after.said] == [("dumb", 0.0)]
    after.give(2.0)
    assert [(said.device, said.value) for said in after.said] == [("dumb", 0.0), ("flood", 0.0)]
    assert after.told[-1]["since"].boot == boot


def test_a_rule_that_is_gone_takes_its_alarm_along_once():
    bench = Bench(rule(ABOVE))
    bench.give(3.5)
    after = Bench(past=bench.past, start=10)
    assert [(said.device, said.value, said.at.ticks) for said in after.said] == [("flood", 0.0, 10**10)]
    assert Bench(past=bench.past, start=20).said == []


def test_a_window_outlives_a_new_configuration():
    condition = {"statistic": "mean", "over": 3600.0, "above": 50.0, "clear": 40.0}
    bench = Bench(rule(condition))
    bench.series([60.0] * 40, after=60)
    bench.rules = (rule(condition), rule({"above": 100.0, "clear": 90.0}, name="other"))
    bench.begin()
    bench.series([60.0] * 10, after=60)
    assert 45 * 60 <= bench.changes[0][0] <= 47 * 60


@pytest.mark.parametrize(("boot", "minutes"), [("boot", 45), ("another", 55)])
def test_a_window_outlives_the_process_but_not_the_boot(boot, minutes, tmp_path):
    condition = {"statistic": "mean", "over": 3600.0, "above": 50.0, "clear": 40.0}
    bench = Bench(rule(condition))
    bench.series([60.0] * 10, after=60)
    after = Bench(*bench.rules, past=kept(bench, tmp_path, boot), boot=boot, start=600)
    after.series([60.0] * 60, after=60)
    ((raised, _),) = after.changes
    assert minutes <= raised / 60 <= minutes + 2


@pytest.mark.parametrize("damage", [{"standings": {"flood": {"raised": 1}}}, {"windows": {"w": [1]}}, {"standings": 3}])
def test_a_past_that_makes_no_sense_is_passed_over(damage, tmp_path):
    State(tmp_path / "state.json").save("rules", {"boot": "boot", **damage})
    assert recalled(State(tmp_path / "state.json"), "boot").standings == {}


def test_an_output_follows_its_alarm():
    bench = Bench(rule(ABOVE, output=27))
    bench.series([1.0, 3.5, 1.0])
    assert bench.line.levels == [False, True, False]
    bench.give(3.5)
    bench.alarms.stop()
    assert bench.line.levels[-1] is False and bench.line.closed


def test_a_latched_output_stays_until_somebody_has_seen_it():
    bench = Bench(rule(ABOVE, output=27, latch=True))
    bench.series([3.5, 1.0])
    assert bench.line.levels[-1] is True
    status = bench.alarms.status()[0]
    assert (status["raised"], status["acknowledged"], status["output"]["on"]) == (False, False, True)
    bench.alarms.acknowledge("flood")
    assert bench.line.levels[-1] is False
    assert bench.told[-1] == {"event": "alarm", "rule": "flood", "state": "acknowledged"}
    bench.give(3.5)
    bench.alarms.acknowledge("flood")
    assert bench.line.levels[-1] is True
    bench.give(1.0)
    assert bench.line.levels[-1] is False


@pytest.mark.parametrize(("name", "says"), [("flod", "there is no rule 'flod'"), ("flood", "needs no ack")])
def test_what_cannot_be_acknowledged_is_told(name, says):
    with pytest.raises(ValueError, match=says):
        Bench(rule(ABOVE)).alarms.acknowledge(name)


def test_a_line_that_fails_stops_nothing_and_is_tried_again(caplog):
    bench = Bench(rule(ABOVE, output=27))
    bench.line.broken = True
    bench.series([3.5, 1.0])
    assert bench.changes == [(1, 1.0), (2, 0.0)]
    assert bench.alarms.status()[0]["output"]["trouble"] == "GPIO 27: no such line"
    assert caplog.text.count("does not work") == 1
    bench.line.broken = False
    bench.give(3.5)
    assert bench.line.levels[-1] is True
    assert bench.alarms.status()[0]["output"]["trouble"] == ""


QUALITIES = [GOOD, SUSPECT, BAD, MISSING, GOOD.flagged(Reason.WARMING_UP), GOOD.flagged(Reason.MAINTENANCE)]


@given(
    st.lists(st.tuples(st.sampled_from([2.7, 2.8, 2.9, 3.0, 3.1, None]), st.sampled_from(QUALITIES)), max_size=60),
    st.integers(0, 4),
    st.integers(0, 4),
)
def test_whatever_comes_an_alarm_has_its_evidence(series, hold, clear_hold):
    bench = Bench(rule(ABOVE, hold=float(hold), clear_hold=float(clear_hold)))
    for value, quality in series:
        bench.give(value, quality=quality)
    usable = {
        at: value for at, (value, quality) in enumerate(series, 1) if value is not None and quality in (GOOD, SUSPECT)
    }
    assert [value for _, value in bench.changes] == [1.0, 0.0] * (len(bench.changes) // 2) + [1.0] * (
        len(bench.changes) % 2
    )
    for at, value in bench.changes:
        assert at in usable
        assert usable[at] > 2.8 if value else usable[at] <= 3.0
        lately = [heard for when, heard in usable.items() if at - (hold if value else clear_hold) <= when <= at]
        assert all(heard > 2.8 for heard in lately) if value else all(heard <= 3.0 for heard in lately)
