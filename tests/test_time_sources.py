"""Pulses, clock chips and chrony: exact where there is a pulse, modest where there is a chip."""

import json
import socket
import struct

import pytest

from drivers import Measurement, Reason
from edge.clock import BUILT, Clock, Moment, Stamp
from edge.settings import ClockSettings, load
from edge.settings.check import examine
from edge.timing.chrony import MAGIC, SAMPLE, ChronySock
from edge.timing.gnsstime import PULSE_ERROR, Receiver
from edge.timing.pulse import PulseLine
from edge.timing.rtc import anchor
from tests.captured import FOLDER

S = 10**9
TODAY = BUILT + 86400 * S  # the truth at ticks 0
WRONG = 7_000 * S  # what the wall clock of the node says then: 1970


class Node:
    """A node in 1970 with a receiver and a pulse line; ``at`` are true seconds since its start."""

    def __init__(self, folder, *, chrony=None):
        (folder / "pps0").mkdir(parents=True)
        (folder / "rtc0").mkdir()
        self.folder, self.ticks, self.wall = folder, 0, WRONG
        self.clock = Clock(boot="b")
        self.clock.now = lambda: Stamp("b", self.ticks)
        self.clock.moment = lambda: Moment(self.ticks, self.wall, self.ticks, self.ticks, 1e-6)
        line = PulseLine("pps0", self.clock.moment, folder)
        self.receiver = Receiver(self.clock, line, chrony)

    def second(self, number, *, late=0.25, pulse=True, step=0, jitter=0, utc=None, flags=None):
        """A pulse and the sentence that names it."""
        true = number * S + jitter
        if pulse:
            stamp = self.wall - self.ticks + true
            (self.folder / "pps0" / "assert").write_text(f"{stamp // S}.{stamp % S:09d}#{number + 1}\n")
        arrived = number * S + round(late * S)
        self.wall += arrived - self.ticks + step
        self.ticks = arrived
        values = {"utc": TODAY / S + number if utc is None else utc, "fix": 3.0}
        self.receiver.hear(Measurement(values, flags or {}), self.clock.now())

    @property
    def off(self):
        """Seconds that its dates are off, None without any."""
        utc = self.clock.utc(self.clock.now())
        return None if utc is None else (utc - TODAY - self.ticks) / S


@pytest.fixture
def node(tmp_path):
    return Node(tmp_path)


def test_with_pulses_the_date_is_right_to_a_tenth_of_a_millisecond(node):
    jitter = [3_000, 60_000, 8_000, 0, 20_000, 5_000]
    for number in range(1, 7):
        node.second(number, late=0.1 + number / 10, jitter=jitter[number - 1])
    assert node.clock.trust(node.clock.now()).error < 2e-4
    assert abs(node.off) <= 1e-4
    assert node.clock.anchor.error == pytest.approx(PULSE_ERROR, abs=2e-6)


def test_without_pulses_it_is_right_to_a_second(node):
    for number in range(1, 7):
        node.second(number, pulse=False)
    assert node.clock.trust(node.clock.now()) == ("gnss", pytest.approx(1.0, abs=1e-3))
    assert -1 <= node.off <= 0


def test_pulses_that_stop_leave_the_bound_of_a_second(node):
    node.second(1)
    for number in range(2, 12):
        node.second(number, pulse=False)
    assert node.clock.trust(node.clock.now()).error >= 1.0


@pytest.mark.parametrize(
    "text", ["", "1.000000000#0\n", "rubbish", "1729500000.0412#86400\n", "99999999.000000000#5\n"]
)
def test_a_line_that_says_nothing_of_use_is_no_pulse(node, text):
    (node.folder / "pps0" / "assert").write_text(text)
    assert PulseLine("pps0", node.clock.moment, node.folder).last() is None
    assert PulseLine("pps9", node.clock.moment, node.folder).last() is None


@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no captures at {FOLDER}: set EDGE_CAPTURES")
def test_the_format_of_the_kernel(node):
    case = json.loads((FOLDER / "pps" / "sysfs.json").read_text())["cases"][0]
    (node.folder / "pps0" / "assert").write_text(case["content"])
    at = case["expect"]["sec"] * S + case["expect"]["nsec"]
    line = PulseLine("pps0", lambda: Moment(50 * S, at + S // 4, 0, 0, 0.0), node.folder)
    assert line.last().ticks == 50 * S - S // 4


def test_a_step_of_the_wall_clock_moves_no_pulse(node):
    for number in range(1, 30):
        node.second(number, step=-(10**8) if number % 7 == 3 else 0)
    assert abs(node.off) <= 1e-4


@pytest.mark.parametrize("late", [0.004, 0.95])
def test_a_sentence_that_may_name_another_pulse_is_not_used_with_it(node, late):
    for number in range(1, 12):
        node.second(number, late=late)
    assert node.clock.trust(node.clock.now()).error >= 1.0


@pytest.mark.parametrize("reason", [Reason.INCONSISTENT, Reason.SENSOR_FAULT, Reason.CLOCK])
def test_what_is_reckoned_simulated_or_unresolved_is_not_believed(node, reason):
    for number in range(1, 30):
        node.second(number, flags={"utc": reason})
    assert node.off is None
    for number in range(30, 40):
        node.second(number, flags={"speed": reason})
    assert node.off is not None, "a flag of something else does not matter"


def test_a_leap_second_in_the_receiver_costs_no_more_than_it_is(tmp_path):
    node = Node(tmp_path)
    new_year = 1_830_297_600  # 2028-01-01
    start = new_year - 60
    for number in range(1, 200):
        utc = start + number if number <= 60 else start + number - 1
        node.second(number, utc=float(utc))
    before, after = node.clock.utc(Stamp("b", 30 * S)), node.clock.utc(Stamp("b", 150 * S))
    assert abs(before - (start + 30) * S) < 1e6
    assert abs(after - (start + 149) * S) < 1e6
    assert node.clock.trust(node.clock.now()).error < 1e-3


def test_a_clock_chip_is_believed_with_modesty(node):
    (node.folder / "rtc0" / "since_epoch").write_text(f"{TODAY // S}\n")
    found = anchor(node.clock, "rtc0", node.folder)
    assert found.source == "rtc"
    assert found.error == pytest.approx(2 + 86400 * 50e-6, abs=0.01)


@pytest.mark.parametrize("text", ["", "x", "0", "946684800", str(BUILT // S - 1), "3000000000"])
def test_a_clock_chip_that_says_what_cannot_be_is_not_believed(node, text):
    (node.folder / "rtc0" / "since_epoch").write_text(text)
    assert anchor(node.clock, "rtc0", node.folder) is None
    assert anchor(node.clock, "rtc9", node.folder) is None


def test_chrony_gets_what_its_clock_lacks(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "sock"))
        listener.setblocking(False)
        node = Node(tmp_path / "sys", chrony=ChronySock(str(tmp_path / "sock")))
        for number in range(1, 6):
            node.second(number)
        sample = listener.recv(100)
    seconds, rest, offset, pulse, leap, _, magic = SAMPLE.unpack(sample)
    assert (pulse, leap, magic) == (0, 0, MAGIC)
    assert seconds + rest / 1e6 == pytest.approx(node.wall / S, abs=1e-6)
    assert seconds + rest / 1e6 + offset == pytest.approx((TODAY + node.ticks) / S, abs=2e-4)
    assert struct.calcsize("l") != 8 or SAMPLE.size == 40


def test_a_chrony_that_is_not_there_is_mentioned_once(tmp_path, caplog):
    caplog.set_level("INFO", "edge.chrony")
    node = Node(tmp_path / "sys", chrony=ChronySock(str(tmp_path / "sock")))
    for number in range(1, 60):
        node.second(number)
    assert abs(node.off) < 1e-3
    assert len([record for record in caplog.records if record.name == "edge.chrony"]) == 1


def settings(folder, text):
    path = folder / "edge.toml"
    path.write_text(f'[node]\nid = "N"\n[clock]\n{text}\n')
    return path


def test_the_section_of_the_configuration(tmp_path):
    text = 'pps = "pps0"\nrtc = "rtc0"\nchrony_sock = "/run/chrony.edge.sock"'
    assert load(settings(tmp_path, text)).clock == ClockSettings("pps0", "rtc0", "/run/chrony.edge.sock")
    assert load(settings(tmp_path, "")).clock == ClockSettings()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('pps = "/dev/pps0"', "'/dev/pps0' is not the name of a pps device"),
        ('rtc = "pps0"', "'pps0' is not the name of a rtc device"),
        ('chrony_sock = "edge.sock"', "'chrony_sock' cannot be 'edge.sock'"),
        (f'chrony_sock = "/{"x" * 200}"', "'chrony_sock' cannot be"),
        ("rtc = true", "'rtc' must be a text in quotes"),
        ('ntp = "x"', "unknown key 'ntp' in [clock]"),
    ],
)
def test_what_is_wrong_in_it(tmp_path, text, what):
    _, problems = examine(settings(tmp_path, text))
    assert [problem for problem in problems if what in problem.what], problems
