"""What happens to the clocks is told, and what is known of time outlives the process; all in virtual time."""

import pytest

from edge.clock import BUILT, Clock, Moment
from edge.dates.anchor import Anchor, Stamp
from edge.dates.slews import MOST, Slews
from edge.events import Events
from edge.state import State
from edge.timex import LAYOUT, STA_INS, STA_NANO, STA_UNSYNC, Timex, parsed, timex
from edge.timing.clockwatch import ClockWatch
from edge.timing.timekeeping import Timekeeping

S = 10**9
TODAY = BUILT + 86400 * S


class Machine:
    """The clocks of a machine; ``pass_`` lets time go by."""

    def __init__(self, utc=0, bound=None):
        self.ticks, self.monotonic, self.raw, self.wall, self.bound = 10 * S, 10 * S, 10 * S, utc, bound
        self.leap, self.tai = 0, 37

    def pass_(self, seconds, *, asleep=0.0, step=0.0, slew=0.0):
        """``slew`` is what the kernel lets all of its clocks but the raw one run ahead meanwhile."""
        self.raw += round(seconds * S)
        self.monotonic += round((seconds + slew) * S)
        self.ticks += round((seconds + slew + asleep) * S)
        self.wall += round((seconds + slew + asleep + step) * S)

    def moment(self):
        return Moment(self.ticks, self.wall, self.monotonic, self.raw, 1e-6)

    def timex(self):
        return Timex(self.bound, self.leap, False, self.tai)

    def utc(self):
        return self.wall

    def error(self):
        return self.bound


@pytest.fixture
def machine():
    return Machine()


@pytest.fixture
def watch(machine):
    return ClockWatch(machine.moment, Slews(), machine.timex)


def seen(watch):
    return [(event, fields.get("kind"), fields["seconds"]) for event, fields in watch.look()]


def test_nothing_happens_when_time_only_passes(machine, watch):
    for _ in range(3600):
        machine.pass_(1.0, step=0.0005)  # as fast as the kernel slews
        assert seen(watch) == []


@pytest.mark.parametrize("step", [-50 * 365 * 86400.0, 20 * 365 * 86400.0, 0.7, -0.7])
def test_a_step_of_the_wall_clock_is_told(machine, watch, step):
    machine.pass_(1.0, step=step)
    assert seen(watch) == [("clock", "step", step)]
    machine.pass_(1.0)
    assert seen(watch) == []


def test_steps_within_a_minute_are_told_together(machine, watch):
    told = []
    for number in range(600):
        machine.pass_(1.0, step=-10.0 if number % 2 else 10.0)
        told += [fields for _, fields in watch.look()]
    assert 9 <= len(told) <= 11
    assert sum(fields["steps"] for fields in told) > 500


def test_sleep_is_told_and_is_no_step(machine, watch):
    machine.pass_(1.0, asleep=7200.0)
    assert seen(watch) == [("suspended", None, 7200.0)]


def test_a_leap_second_is_announced_and_told_but_is_no_step(machine, watch):
    machine.leap = 1
    machine.pass_(1.0)
    assert seen(watch) == [("clock", "leap", 1)]
    machine.pass_(1.0)
    assert seen(watch) == []
    machine.leap = 0
    machine.pass_(1.0, step=-1.0)
    assert seen(watch) == [("clock", "leap", 1)]


def test_a_leap_second_that_nobody_announced_shows_in_tai(machine, watch):
    assert seen(watch) == []
    machine.tai = 38
    machine.pass_(1.0, step=-1.0)
    assert seen(watch) == [("clock", "leap", 1)]


def test_tai_that_is_set_for_the_first_time_is_no_leap_second(machine, watch):
    machine.tai = 0
    assert seen(watch) == []
    machine.tai = 1
    machine.pass_(1.0, step=-1.0)
    assert seen(watch) == [("clock", "step", -1.0)]


def test_a_machine_too_busy_to_read_its_clocks_says_nothing(machine, watch):
    machine.pass_(1.0, step=5.0)
    late = iter([machine.moment(), machine.moment()._replace(apart=0.9, utc=0)])
    assert list(ClockWatch(lambda: next(late), Slews(), machine.timex).look()) == []


class Node:
    """As much of a node as keeps the time; each one is a start of the process."""

    def __init__(self, folder, machine, boot):
        self.machine = machine
        self.clock = Clock(machine, boot=boot)
        self.clock.now = lambda: Stamp(boot, machine.ticks)
        self.clock.moment = machine.moment
        self.state = State(folder / "state.json")
        self.events = Events(self.clock, self.state)
        self.keeping = Timekeeping(self.clock, self.events, self.state)
        self.keeping.begin([])

    def run(self, seconds, **more):
        for _ in range(seconds):
            self.machine.pass_(1.0, **more)
            self.keeping.turn()

    def stop(self):
        self.keeping.end()
        self.events.save(["x"])

    def told(self, kind):
        found = []
        while event := self.events.next("x"):
            self.events.delivered("x", event["id"])
            found.append(event)
        return [event for event in found if event["event"] == kind]


def test_an_hour_without_a_date_is_dated_from_the_first_synchronisation_on(tmp_path):
    machine = Machine(utc=0)
    node = Node(tmp_path, machine, "one")
    stamps = [Stamp("one", machine.ticks)]
    for _ in range(60):
        node.run(60)
        stamps.append(Stamp("one", machine.ticks))
        assert node.clock.utc(stamps[-1]) is None
    machine.wall, machine.bound = TODAY, 0.02
    node.run(1)
    truth = [TODAY + S - (machine.ticks - stamp.ticks) for stamp in stamps]
    assert [node.clock.utc(stamp) for stamp in stamps] == truth
    assert node.clock.trust(stamps[0]).error < 0.02 + 3700 * 50e-6 + 1e-3
    assert [event["source"] for event in node.told("anchor")] == ["ntp"]


@pytest.mark.parametrize(("off", "rate"), [(0.8, 0.08), (-0.8, 0.08), (0.3, 500e-6), (-0.04, 0.002)])
def test_no_date_is_surer_than_it_is_while_the_clock_is_slewed(tmp_path, off, rate):
    """chrony takes the clock for synchronised with all of ``off`` still to be corrected, and says so in its bound."""
    machine = Machine(utc=TODAY - round(off * S), bound=None)
    node, true, found = Node(tmp_path, machine, "one"), TODAY, []

    def run(seconds, slew=0.0):
        nonlocal true
        for _ in range(seconds):
            node.run(1, slew=slew)
            true += S
            found.append((Stamp("one", machine.ticks), true))

    run(60)
    machine.bound = abs(off) + 0.02
    run(3)
    lasts = round(abs(off) / rate)
    run(lasts, off / lasts)
    machine.bound = 0.02
    run(600)
    assert abs(machine.wall - true) < 1e6
    for stamp, truth in found:
        assert abs(node.clock.utc(stamp) - truth) / S <= node.clock.trust(stamp).error + 1e-4, stamp
    assert node.clock.trust(found[-1][0]).error < 0.06, "and it is sure again afterwards"


def test_a_slew_is_remembered_over_a_restart_of_the_process_and_not_into_another_boot(tmp_path):
    machine = Machine(utc=TODAY, bound=0.82)
    first, stamp = Node(tmp_path, machine, "a"), Stamp("a", machine.ticks)
    first.run(8, slew=0.1)
    machine.bound = 0.02
    first.run(2)
    assert first.clock.trust(stamp).error > 0.8
    first.stop()
    assert Node(tmp_path, machine, "a").clock.trust(stamp).error == pytest.approx(first.clock.trust(stamp).error)
    assert Node(tmp_path, machine, "b").clock.slews.points == []


def test_slews_are_added_up_between_two_ticks():
    slews = Slews()
    assert slews.between(0, 100) == 0.0
    slews.see(0, 10 * S, round(50e-6 * 10 * S))
    assert slews.between(0, 100 * S) == 0.0, "no more than an oscillator is off"
    slews.see(10 * S, 12 * S, S // 10)
    slews.see(20 * S, 21 * S, -S // 5)
    assert slews.between(0, 15 * S) == pytest.approx(0.1)
    assert slews.between(11 * S, 15 * S) == pytest.approx(0.05)
    assert slews.between(30 * S, 15 * S) == pytest.approx(0.2)
    assert slews.between(0, 30 * S) == pytest.approx(0.1), "there and back again"
    slews.see(30 * S, 31 * S, S // 10, doubt=0.2)
    assert slews.between(25 * S, 40 * S) == 0.0, "two clocks that were not read at once"


def test_of_slews_without_end_the_sum_is_kept_and_the_memory_is_bounded():
    slews = Slews()
    for second in range(0, 3000, 2):
        slews.see(second * S, (second + 1) * S, S // 1000)
    assert len(slews.points) <= MOST + 2
    assert slews.between(0, 3000 * S) == pytest.approx(1.5)
    assert slews.between(1500 * S, 3000 * S) == pytest.approx(0.75, abs=0.1)


def test_a_boot_that_was_never_dated_is_bounded_once_the_next_one_is(tmp_path):
    machine = Machine(utc=TODAY, bound=0.01)
    for boot, seconds, utc, bound in (("a", 700, TODAY, 0.01), ("b", 900, 0, None), ("c", 5, TODAY + 9000 * S, 0.01)):
        machine.ticks = machine.monotonic = 10 * S
        machine.wall, machine.bound = utc, bound
        node = Node(tmp_path, machine, boot)
        if boot == "b":
            assert node.clock.bounds("b").latest is None
        node.run(seconds)
        node.stop()
    (event,) = node.told("bounds")
    assert event["boot"] == "b"
    assert event["t"] is None
    assert event["earliest"] == pytest.approx(TODAY / S + 700, abs=0.1), "a was seen for the last time"
    assert event["latest"] == pytest.approx(TODAY / S + 9000 - 10 - 910, abs=0.1), "c began, less what b lasted"
    node.stop()
    again = Node(tmp_path, machine, "c")
    again.run(2)
    assert again.told("bounds") == []


def test_anchors_outlive_the_process_and_the_boot(tmp_path):
    machine = Machine(utc=TODAY, bound=0.01)
    first = Node(tmp_path, machine, "a")
    first.run(2)
    first.stop()
    machine.bound = None
    second = Node(tmp_path, machine, "a")
    assert second.clock.utc(Stamp("a", 10 * S)) == TODAY
    third = Node(tmp_path, machine, "b")
    assert third.clock.utc(Stamp("a", 10 * S)) == TODAY
    assert third.clock.utc(Stamp("b", 10 * S)) is None
    assert third.clock.known >= TODAY


@pytest.mark.parametrize(
    "kept",
    [
        {"anchors": 5, "boots": "x", "bounded": None},
        {"slews": 7},
        {"slews": ["b", [1]]},
        {"slews": ["b", [[1, 2], [3, "x"], [0]]]},
        {"anchors": [{"boot": "a"}, 7, None], "boots": [["a"], 3, ["a", "x"]], "bounded": [[]]},
        {"anchors": [{"boot": "a", "ticks": "x", "utc": 0, "source": "ntp", "error": 1}]},
    ],
)
def test_a_state_that_makes_no_sense_stops_nothing(tmp_path, kept):
    State(tmp_path / "state.json").save("clock", kept)
    Node(tmp_path, Machine(), "b").run(2)


def test_a_synchronised_date_that_cannot_be_is_told_and_not_believed(tmp_path):
    node = Node(tmp_path, Machine(utc=0, bound=0.01), "a")
    node.run(600)
    assert node.clock.anchor is None
    assert [event["kind"] for event in node.told("clock")] == ["impossible"]


def test_sawtooth_and_steps_of_a_clock_that_lies_move_no_date(tmp_path):
    machine = Machine(utc=TODAY, bound=0.01)
    node = Node(tmp_path, machine, "a")
    stamp = Stamp("a", machine.ticks)
    years = 365 * 86400.0
    for step in (-50 * years, 50 * years, *([-3.0, 3.0] * 50), 19 * years):
        machine.pass_(0.0, step=step)
        node.run(20)
        assert node.clock.utc(stamp) == TODAY
        assert node.clock.utc(node.clock.now()) == TODAY + machine.ticks - stamp.ticks
    assert {event["kind"] for event in node.told("clock")} == {"step", "dispute", "impossible"}


def test_an_anchor_from_a_receiver_that_disagrees_is_one_event(tmp_path):
    machine = Machine(utc=TODAY, bound=0.01)
    node = Node(tmp_path, machine, "a")
    for _ in range(300):
        node.run(1)
        node.clock.offer(Anchor("a", machine.ticks, machine.wall + 5 * S, "gnss", 1.0))
    (dispute,) = node.told("clock")
    assert (dispute["kept"], dispute["other"], dispute["apart"]) == ("ntp", "gnss", 5.0)


def raw(*, offset=0, maxerror=20_000, status=0, tai=37):
    return LAYOUT.pack(0, offset, 0, maxerror, 0, status, 2, 1, 0, 0, 0, 10_000, 0, 0, 0, 0, 0, 0, 0, 0, tai)


def test_the_kernel_says_how_sure_it_is():
    assert parsed(0, raw()) == Timex(0.02, 0, False, 37)
    assert parsed(5, raw(status=STA_UNSYNC)).error is None
    assert parsed(1, raw(status=STA_INS)).leap == 1
    assert parsed(3, raw(status=STA_INS)).leaping
    assert parsed(0, raw(offset=-300_000_000, status=STA_NANO)).error == pytest.approx(0.32), "still being slewed"
    real = timex()
    assert real is None or real.error is None or 0 <= real.error < 1000
