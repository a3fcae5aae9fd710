"""A receiver makes an anchor only when it may be believed; played on real logs, never more than a second off."""

import json
from datetime import UTC, datetime
from itertools import pairwise
from statistics import median

import pytest

import drivers
from drivers.checks import xor8
from drivers.gnss import gpsd_reports, ubx
from drivers.gnss.nmea import NMEA
from edge.clock import BUILT, Anchor, Clock, Stamp
from edge.timing.gnsstime import WEEKS, GnssTime, Receiver, repaired
from tests.captured import FOLDER
from tests.fakes import Pieces

S = 10**9
NOW = BUILT / S + 1000.0
LOGS = sorted(path for path in FOLDER.glob("gnss-*/*.log")) if FOLDER.is_dir() else []
needs_logs = pytest.mark.skipif(not LOGS, reason=f"no captures at {FOLDER}: set EDGE_CAPTURES")


def gpsd_times(path):
    """When gpsd says that the fixes of a log were (s since 1970); it takes some of 2015 for 2034."""
    reports = path.with_suffix(".gpsd.jsonl").read_text().splitlines()
    texts = [json.loads(line)["time"] for line in reports if "time" in json.loads(line)]
    times = [datetime.fromisoformat(text).timestamp() for text in texts]
    return [time - WEEKS / S if time > NOW + 5 * 365 * 86400 else time for time in times]


def year(path):
    """In which year a log was made."""
    return datetime.fromtimestamp(max(gpsd_times(path), default=0.0), UTC).year


def first_day(path):
    """A floor for it."""
    return round(datetime(year(path), 1, 1, tzinfo=UTC).timestamp()) * S


def heard(times, *, floor=BUILT, start=100 * S):
    """The anchor after fixes a second apart in ticks."""
    time, anchor = GnssTime(), None
    for number, utc in enumerate(times):
        anchor = time.hear(Stamp("b", start + number * S), utc, floor)
    return anchor


def test_five_agreeing_seconds_make_an_anchor():
    assert heard([NOW + n for n in range(4)]) is None
    anchor = heard([NOW + n for n in range(5)])
    assert anchor == Anchor("b", 104 * S, round((NOW + 4) * S), "gnss", 1.0)


def test_seconds_that_do_not_agree_begin_anew():
    assert heard([NOW, NOW + 1, NOW + 7, NOW + 8, NOW + 9]) is None


def test_five_fixes_within_a_second_are_not_five_seconds():
    time = GnssTime()
    assert not [a for n in range(9) if (a := time.hear(Stamp("b", n * S // 5), NOW + n / 5, BUILT))]


def test_the_least_late_fix_counts():
    late = [0.2, 0.1, 0.25, 0.15, 0.2]
    anchor = heard([NOW + n - late[n] for n in range(5)])
    assert abs(anchor.utc - round((NOW + 4 - 0.1) * S)) < 1000


@pytest.mark.parametrize("weeks", [1, 2])
def test_a_date_1024_weeks_back_is_repaired(weeks):
    back = round(NOW * S) - weeks * WEEKS
    assert repaired(back, BUILT, BUILT + S) == round(NOW * S)
    assert repaired(back, BUILT) is None, "a node that never knew the date cannot tell"


@pytest.mark.parametrize("year", [1999, 2015, 2019.3, 2060])
def test_a_date_that_cannot_be_is_none(year):
    utc = round((year - 1970) * 365.2425 * 86400) * S
    assert repaired(utc, BUILT) is None
    assert repaired(utc, BUILT, BUILT) is None


class Wall:
    def utc(self):
        return 0

    def error(self):
        return None


def test_the_surer_source_stays_and_a_dispute_is_told_once():
    clock, disputes = Clock(Wall(), boot="b"), []
    clock.on_disagreement = lambda old, new: disputes.append((old.source, new.source))
    clock.offer(Anchor("b", 0, BUILT + S, "ntp", 0.01))
    for n in range(3):
        clock.offer(Anchor("b", n * S, BUILT + 9 * S + n * S, "gnss", 1.0))
    assert disputes == [("ntp", "gnss")]
    assert clock.anchor.source == "ntp"


def test_ntp_takes_over_from_gnss():
    clock = Clock(Wall(), boot="b")
    clock.offer(Anchor("b", 0, BUILT + S, "gnss", 1.0))
    clock.offer(Anchor("b", 0, BUILT + S + S // 2, "ntp", 0.05))
    assert clock.anchor.source == "ntp"


def measured(stream):
    """What the real driver makes of bytes."""
    driver = NMEA(Pieces([stream]))
    for _ in range(100_000):
        try:
            yield driver.measure()
        except drivers.NoData:
            return
        except drivers.DriverError:
            continue


class Past(Clock):
    """A clock for which it is not yet today; it notes what it is offered."""

    floor, known = BUILT, None  # in place of the properties

    def __init__(self, floor, known=None):
        super().__init__(Wall(), boot="b")
        self.floor, self.known, self.made = floor, known, []

    def offer(self, anchor):
        self.made.append(anchor)
        super().offer(anchor)


def played(stream, floor, known=None):
    """The clock after all of it, and the anchors with the measurement that made each; ticks run as the fixes come."""
    got = list(measured(stream))
    times = [one.values["utc"] for one in got if "utc" in one.values]
    apart = median(b - a for a, b in pairwise(times)) if len(times) > 2 else 1.0
    clock = Past(floor, known)
    receiver, anchors = Receiver(clock), []
    for number, one in enumerate(got):
        receiver.hear(one, Stamp("b", 100 * S + round(number * apart * S)))
        anchors += [(anchor, number, one) for anchor in clock.made]
        clock.made.clear()
    return clock, anchors, got


@needs_logs
@pytest.mark.parametrize("known", [None, BUILT], ids=["new node", "node that knew the date"])
@pytest.mark.parametrize("path", [path for path in LOGS if year(path) < 2026], ids=lambda path: path.stem)
def test_no_old_log_played_today_makes_an_anchor(path, known):
    assert played(path.read_bytes(), BUILT, known)[1] == []


def test_the_old_logs_are_there():
    assert not LOGS or len([path for path in LOGS if year(path) < 2026]) >= 11


@needs_logs
@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.stem)
def test_on_its_own_day_a_log_gives_its_true_date_and_none_before_a_fix(path):
    _, anchors, got = played(path.read_bytes(), first_day(path))
    fixed = [number for number, one in enumerate(got) if one.values.get("fix", 0) >= 2]
    truth = gpsd_times(path)
    for anchor, number, one in anchors:
        assert abs(anchor.utc / S - one.values["utc"]) <= 1.0
        assert min(abs(anchor.at(anchor.ticks) / S - time) for time in truth) <= 1.0
        assert number >= fixed[4]
        assert anchor.error <= 1.0


@needs_logs
def test_all_logs_together_give_anchors():
    made = {path.stem: len(played(path.read_bytes(), first_day(path))[1]) for path in LOGS}
    assert sum(made.values()) >= 150
    assert len([count for count in made.values() if count]) >= 8


@needs_logs
def test_the_receiver_whose_weeks_began_anew_in_april_2019_is_right_after_all():
    """Telit HE910 on the day says 1999-08-22. The log has one fix with a date, which goes on here for ten seconds."""
    path = next(path for path in LOGS if path.stem == "april6_2019")
    (fix,) = [one for one in measured(path.read_bytes()) if one.values.get("fix", 0) >= 2 and "utc" in one.values]
    said, day = fix.values["utc"], round(datetime(2019, 4, 6, tzinfo=UTC).timestamp()) * S
    clock = Past(day, day)
    receiver = Receiver(clock)
    for number in range(10):
        later = drivers.Measurement({**fix.values, "utc": said + number}, fix.flags)
        receiver.hear(later, Stamp("b", (100 + number) * S))
    truth = datetime(2019, 4, 7, 0, 2, 31, 420_000, tzinfo=UTC).timestamp()
    assert abs(clock.made[-1].at(100 * S) / S - truth) < 1e-6
    assert played(path.read_bytes() * 20, BUILT, BUILT)[1] == []


def nmea(*bodies):
    return b"".join(f"${body}*{xor8(body.encode()):02X}\r\n".encode() for body in bodies)


def burst(clock, date, *, status="A", mode="A", quality=1):
    place = "5231.2000,N,01324.3000,E"
    return nmea(
        f"GPRMC,{clock}.00,{status},{place},0.0,,{date},,,{mode}",
        f"GPGGA,{clock}.00,{place},{quality},08,0.9,34.0,M,42.0,M,,",
    )


def minute(date="261126", **how):
    return b"".join(burst(f"1200{second:02d}", date, **how) for second in range(40))


def test_a_receiver_with_a_fix_makes_anchors_at_all():
    assert len(played(minute(), BUILT)[1]) > 30


@pytest.mark.parametrize(
    "how",
    [
        {"quality": 6}, {"quality": 7}, {"quality": 8}, {"quality": 0},
        {"mode": "E"}, {"mode": "M"}, {"mode": "S"}, {"mode": "N", "status": "V"}, {"status": "V"},
    ],
    ids=str,
)  # fmt: skip
def test_one_that_reckons_simulates_or_was_told_is_not_believed(how):
    assert played(minute(**how), BUILT)[1] == []


def pvt(second, *, valid=7, kind=3, flags=1):
    """NAV-PVT of 2026-11-26 12:00 (u-blox 8 protocol, 32.17.15.1)."""
    payload = bytearray(92)
    payload[0:4] = (1000 * second).to_bytes(4, "little")
    payload[4:12] = (2026).to_bytes(2, "little") + bytes((11, 26, 12, 0, second, valid))
    payload[20:24] = bytes((kind, flags, 0, 9))
    payload[24:32] = round(13.4e7).to_bytes(4, "little") + round(52.5e7).to_bytes(4, "little")
    return ubx.frame(ubx.NAV_PVT, bytes(payload))


@pytest.mark.parametrize(
    ("how", "believed"),
    [
        ({}, True),
        ({"kind": 4}, True),
        ({"kind": 5}, True),
        ({"kind": 0}, False),
        ({"kind": 1}, False),
        ({"flags": 0}, False),
        ({"valid": 3}, False),
        ({"valid": 5}, False),
    ],
    ids=str,
)
def test_what_nav_pvt_must_say_to_be_believed(how, believed):
    """fixType 1 is dead reckoning, flag 0 gnssFixOK; valid has date, time and fullyResolved (leap seconds known)."""
    assert bool(played(b"".join(pvt(second, **how) for second in range(30)), BUILT)[1]) is believed


@pytest.mark.parametrize(("status", "believed"), [(1, True), (5, False), (8, False)])
def test_what_gpsd_calls_reckoned_or_simulated_is_not_believed(status, believed):
    clock = Past(BUILT)
    receiver = Receiver(clock)
    for second in range(30):
        told = {"mode": 3, "status": status, "lat": 52.5, "lon": 13.4, "time": f"2026-11-26T12:00:{second:02d}.000Z"}
        receiver.hear(gpsd_reports.fix(told, {}), Stamp("b", second * S))
    assert bool(clock.made) is believed


def test_over_the_leap_second_of_2016_no_date_is_a_second_off():
    eve = [burst(f"2359{second:02d}", "311216") for second in range(40, 61)]
    new_year = [burst(f"0000{second:02d}", "010117") for second in range(30)]
    floor = round(datetime(2016, 1, 1, tzinfo=UTC).timestamp()) * S
    clock, anchors, got = played(b"".join(eve + new_year), floor)
    assert len(got) >= 50
    for anchor, _, one in anchors:
        assert abs(anchor.utc / S - one.values["utc"]) <= 1.0
    midnight = datetime(2017, 1, 1, tzinfo=UTC).timestamp()
    assert abs(clock.utc(Stamp("b", 105 * S)) / S - (midnight - 15)) <= 1.0
    assert abs(clock.utc(Stamp("b", 145 * S)) / S - (midnight + 24)) <= 1.0


def test_five_fixes_a_second_make_an_anchor_too():
    time = GnssTime()
    made = [time.hear(Stamp("b", number * S // 5), NOW + number / 5, BUILT) for number in range(60)]
    first = next(number for number, anchor in enumerate(made) if anchor)
    assert 20 <= first <= 25
