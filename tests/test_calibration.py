"""Calibration records belong to a part, are never overwritten, and explain every corrected value. In virtual time."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import drivers
from drivers import Reason
from drivers.sim import SimPort
from drivers.sim.time import VirtualTime
from edge.calibration.calibrating import Calibrating
from edge.calibration.logbook import MOST, Logbook
from edge.calibration.record import Record, record
from edge.clock import Anchor, Clock, Stamp
from edge.filters import Chain
from edge.filters.calibrate import calibrated
from edge.maths.curve import Line, Polynomial, Steps, curve, formula
from edge.maths.fit import goodness
from edge.reading import GOOD, MISSING, Reading
from edge.sensing.device import Device
from edge.sensing.totals import fallen
from edge.settings import SensorSettings
from edge.state import State

HALF_LESS = Line(1.0, -0.5)
DAY = 86400.0
DATE = 1_800_000_000.0  # 2027-01-15
SENSOR = SensorSettings("acid", "sht3x", "sim://", None, None, 1.0, {}, (), "i2c")

numbers = st.floats(-1e6, 1e6)
curves = st.one_of(
    st.builds(Line, numbers, numbers),
    st.lists(numbers, min_size=1, max_size=6).map(lambda numbers: Polynomial(tuple(numbers))),
    st.lists(st.tuples(numbers, numbers), min_size=2, max_size=9, unique_by=lambda point: point[0]).map(
        lambda points: Steps(tuple(sorted(points)))
    ),
)


class NoWall:
    def utc(self):
        return 0

    def error(self):
        return None


class VirtualClock(Clock):
    """A clock whose ticks are those of the test, without a date until one is given."""

    def __init__(self, boot="boot"):
        super().__init__(NoWall(), boot=boot)
        self.ticks = 0

    def now(self):
        return Stamp(self.boot, self.ticks)

    def wait(self, seconds):
        self.ticks += int(seconds * 1e9)

    def date(self, utc=DATE):
        self.offer(Anchor(self.boot, self.ticks, int(utc * 1e9), "ntp", 0.01))


class Lab:
    """A logbook with its clock, and the events that it told."""

    def __init__(self, folder):
        self.path, self.told, self.clock = folder / "state.json", [], VirtualClock()
        self.begin()

    def begin(self):
        """The node starts anew."""
        self.book = Logbook(State(self.path), self.clock, lambda kind, **more: self.told.append((kind, more)))

    def boot(self):
        lines, self.clock = self.clock.lines, VirtualClock("another")
        self.clock.lines = lines
        self.begin()

    def plug(self, serial=None):
        self.book.seen("acid", "sht3x", {"model": "X"} if serial is None else {"serial": serial})

    def add(self, law=HALF_LESS, quantity="ph", **more):
        self.clock.wait(60)
        return self.book.add(Record(0, "acid", "", quantity, "pH", law, Stamp("", 0), "A. Ito", **more))

    def read(self, value=7.0, quantity="ph", sensor="acid", unit="pH"):
        (out,) = self.book.applied([Reading(sensor, quantity, value, unit, self.clock.now())])
        return out.value, bool(out.quality.reasons & Reason.UNCALIBRATED)

    @property
    def states(self):
        assert {kind for kind, _ in self.told} <= {"calibration"}
        return [more["state"] for _, more in self.told]


@pytest.fixture
def lab(tmp_path):
    return Lab(tmp_path)


@given(curves, numbers)
def test_raw_value_and_record_reproduce_the_value_exactly(law, raw):
    """Also after the record was on the card and the reading has only its raw value left."""
    reading = Reading("acid", "ph", raw, "pH", Stamp("boot", 0))
    made = Record(1, "acid", "", "ph", "pH", law, Stamp("boot", 0), "A. Ito", goodness=goodness(law, [(1.0, 1.0)]))
    kept = record(json.loads(json.dumps(made.as_dict())))
    out = calibrated(reading, law)
    assert kept == made
    assert out.raw == raw
    assert kept.curve(out.raw) == out.value


def test_it_is_in_force_from_the_next_reading_on_and_over_restarts(lab):
    lab.plug("01")
    assert lab.read() == (7.0, False)
    lab.add()
    assert lab.read() == (6.5, False)
    assert lab.read(quantity="temperature") == (7.0, False)
    assert lab.read(sensor="other") == (7.0, False)
    lab.begin()
    assert lab.read() == (6.5, False)


def test_what_is_missing_stays_missing(lab):
    lab.add()
    missing = Reading("acid", "ph", None, "pH", lab.clock.now(), quality=MISSING)
    assert lab.book.applied([missing]) == [missing]


def test_a_value_in_another_unit_is_not_corrected_but_flagged(lab):
    lab.add()
    assert lab.read(unit="mV") == (7.0, True)


def test_another_part_in_its_place_is_flagged_and_told_once(lab):
    lab.plug("01")
    lab.add()
    lab.plug("02")
    assert lab.read() == (7.0, True)
    lab.begin()
    lab.plug("02")
    assert lab.read() == (7.0, True)
    assert lab.states == ["in force", "another part"]
    assert lab.told[-1][1]["uncalibrated"] == ["ph"]
    lab.add(Line(1.0, 1.0))
    assert lab.read() == (8.0, False)
    lab.plug("01")
    assert lab.read() == (6.5, False)
    assert lab.states == ["in force", "another part", "in force", "known part"]


def test_a_part_takes_its_record_along_to_another_place(lab):
    lab.plug("01")
    lab.add()
    lab.book.seen("other", "sht3x", {"serial": "01"})
    assert lab.read(sensor="other") == (6.5, False)


def test_the_record_of_a_part_without_a_number_goes_by_the_name_of_the_sensor(lab):
    lab.plug()
    lab.add()
    lab.plug("01")  # a driver that has learnt to ask for the number
    assert lab.read() == (6.5, False)
    lab.add(Line(1.0, 1.0))
    lab.plug()
    assert lab.read() == (6.5, False)


def test_a_total_falls_by_what_the_meter_says_not_by_its_calibration():
    last = {"volume": Reading("main", "volume", 110.0, "L", Stamp("boot", 0), raw=100.0)}
    for total, falls in ((101.0, []), (99.0, [("volume", 100.0, 99.0)])):
        assert [*fallen([Reading("main", "volume", total, "L", Stamp("boot", 1))], last)] == falls


def test_undo_goes_back_step_by_step_and_forgets_nothing(lab):
    lab.plug("01")
    for offset in (1.0, 2.0, 3.0):
        lab.add(Line(1.0, offset), certificate=f"K-{offset:g}")
    values = []
    for _ in range(3):
        made = lab.book.undo("acid", "ph", "B. Lee")
        values.append((lab.read()[0], made.restores, made.certificate))
    assert values == [(9.0, 2, "K-2"), (8.0, 1, "K-1"), (7.0, 0, "")]
    with pytest.raises(ValueError, match="no calibration in force"):
        lab.book.undo("acid", "ph", "B. Lee")
    assert [one.number for one in lab.book.records("acid")] == [1, 2, 3, 4, 5, 6]
    assert lab.states == ["in force"] * 3 + ["brought back"] * 2 + ["taken back"]
    lab.add()
    assert lab.book.undo("acid", "ph", "B. Lee").restores == 3


def test_history_can_be_recomputed(lab):
    """Each reading of the past finds the record that was in force then, also over a reboot."""
    lab.clock.date()
    moments = []
    for offset in (1.0, 2.0):
        lab.add(Line(1.0, offset))
        lab.clock.wait(10)
        moments.append((lab.clock.now(), offset))
    lab.boot()
    lab.clock.date(DATE + DAY)
    lab.clock.wait(10)
    moments.append((lab.clock.now(), 2.0))
    lab.add(Line(1.0, 3.0))
    moments.append((lab.clock.now(), 3.0))
    assert [(at, lab.book.then("acid", "ph", at).curve.offset) for at, _ in moments] == moments
    assert lab.book.then("acid", "ph", Stamp("boot", 0)) is None


def test_no_date_is_invented(lab):
    lab.clock.wait(100)
    made = lab.add(lasts=DAY)
    assert (made.since, made.made, made.due) == (None, None, None)
    lab.clock.wait(2 * DAY)
    lab.book.tick()
    assert lab.read() == (6.5, False)
    lab.begin()
    lab.clock.date()
    lab.book.tick()
    (made,) = lab.book.records("acid")
    assert made.since == made.made == pytest.approx(DATE - 2 * DAY)
    assert made.due == pytest.approx(DATE - DAY)


def test_an_overdue_one_still_corrects_but_is_flagged_and_told_once(lab):
    lab.clock.date()
    lab.add(lasts=DAY)
    lab.clock.wait(DAY - 100)
    lab.book.tick()
    assert lab.read() == (6.5, False)
    lab.clock.wait(200)
    lab.book.tick()
    lab.book.tick()
    assert lab.read() == (6.5, True)
    lab.boot()
    lab.book.tick()
    lab.clock.date(DATE + 2 * DAY)
    lab.book.tick()
    assert lab.read() == (6.5, True)
    assert lab.states == ["in force", "overdue"]
    lab.add(lasts=DAY)
    assert lab.read() == (6.5, False)


def test_one_that_was_brought_back_is_as_old_as_it_was(lab):
    lab.clock.date()
    first = lab.add(lasts=DAY)
    lab.clock.wait(DAY)
    lab.add(lasts=DAY)
    back = lab.book.undo("acid", "ph", "B. Lee")
    assert (back.made, back.due) == (first.made, first.due)
    assert back.since == pytest.approx(first.since + DAY + 60)
    assert lab.read() == (6.5, True)


def test_the_book_is_bounded_and_keeps_what_is_in_force(lab):
    lab.add(quantity="orp")
    for _ in range(MOST + 5):
        last = lab.add()
    kept = lab.book.records("acid")
    assert len(kept) == MOST
    assert (kept[0].quantity, kept[-1]) == ("orp", last)
    lab.begin()
    assert lab.add().number == last.number + 1


def test_a_record_that_makes_no_sense_does_not_count(lab):
    made = lab.add()
    nonsense = [made.as_dict(), {}, 3, made.as_dict() | {"number": 2, "curve": {"gain": "x"}}]
    State(lab.path).save("calibration", {"records": nonsense, "last": 2})
    lab.begin()
    assert lab.book.records("acid") == [made]
    assert lab.add().number == 3


class Bench:
    """A device of a serial number on a simulator, with a logbook."""

    def __init__(self, folder, driver="sht3x", quantity="temperature"):
        self.lab, self.time = Lab(folder), VirtualTime()
        settings = SensorSettings("acid", driver, "sim://", None, None, 1.0, {}, (), "i2c")
        plug = SimPort(driver, "sim://", self.time)
        self.device = Device(settings, drivers.load(driver), plug, Chain([]), self.lab.clock, now=self.time.now)
        self.device.on_identity = lambda identity: self.lab.book.seen("acid", driver, identity)
        self.device.way.correct = self.lab.book.applied
        self.asked = Calibrating(self.lab.book, State(folder / "more.json"), lambda: [settings]).answers()

    def run(self, seconds):
        out, end = [], self.time.now() + seconds
        while self.time.now() < end:
            self.time.wait(max(0.001, self.device.due - self.time.now()))
            out += self.device.step()
        return out


FOUND = {"curve": {"gain": 1.0, "offset": 2.0}, "pairs": [[1.0, 3.0]],
         "goodness": {"count": 1, "rms": 0.0, "worst": 0.0, "r2": None}}  # fmt: skip


def test_a_device_learns_who_it_is_before_its_first_reading(tmp_path):
    bench = Bench(tmp_path)
    bench.run(2)
    bench.asked["calibrate"]("acid", "temperature", FOUND, {"by": "A. Ito"})
    readings = [one for one in bench.run(5) if one.quantity == "temperature"]
    assert bench.lab.book.part("acid") == "sht3x 01234567"
    assert readings
    assert all(one.value == one.raw + 2.0 and one.quality == GOOD for one in readings)
    assert bench.device.counts.latest["temperature"].value == readings[-1].value


@pytest.mark.parametrize(
    ("quantity", "about", "says"),
    [
        ("ph", {"by": "A. Ito"}, "does not measure 'ph'; it measures: temperature, humidity"),
        ("temperature", {}, "by whom"),
        ("temperature", {"by": "A. Ito", "lasts": 0}, "due at once"),
        ("temperature", {"by": "A. Ito", "certificate": "x" * 201}, "'certificate' is not one line"),
        ("temperature", {"by": "A.\nIto"}, "'by' is not one line"),
    ],
)
def test_what_makes_no_record_is_refused(quantity, about, says, tmp_path):
    bench = Bench(tmp_path)
    with pytest.raises(ValueError, match=says):
        bench.asked["calibrate"]("acid", quantity, FOUND, about)
    assert bench.lab.book.records("acid") == []


def test_captures_are_kept_until_they_are_dropped_and_never_mix_two_parts(tmp_path):
    bench = Bench(tmp_path)
    bench.lab.plug("01")
    capture = bench.asked["capture"]
    assert capture("acid", "humidity") == []
    capture("acid", "humidity", [33.0, 32.8])
    assert capture("acid", "humidity", [75.0, 75.3]) == [[33.0, 32.8], [75.0, 75.3]]
    assert bench.asked["calibrations"]("acid")["captured"] == {"humidity": [[33.0, 32.8], [75.0, 75.3]]}
    bench.lab.plug("02")
    with pytest.raises(ValueError, match="of another part"):
        capture("acid", "humidity", [50.0, 50.0])
    assert capture("acid", "humidity", drop=True) == []
    assert capture("acid", "humidity", [50.0, 50.0]) == [[50.0, 50.0]]


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"gain": 0.96, "offset": -0.1}, "0.96 x - 0.1"),
        ({"gain": 1.0, "offset": 2.5}, "x + 2.5"),
        ({"gain": -1.0}, "-x"),
        ({"coefficients": [0.0, 1.02, -0.001]}, "-0.001 x^2 + 1.02 x"),
        ({"gain": 0.0}, "0"),
        ({"points": [[0, 0.3], [10, 10.1]]}, "table of 2 points, 0 .. 10"),
    ],
)
def test_a_curve_is_told_in_short(keys, text):
    assert formula(curve(keys)) == text
