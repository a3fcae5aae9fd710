"""A receiver makes an anchor only when it may be believed; played on real logs, never more than a second off."""

import json
import re

import pytest

import drivers
from drivers.gnss.nmea import NMEA
from edge.clock import BUILT, Anchor, Clock, Stamp
from edge.gnsstime import WEEKS, GnssTime, repaired
from tests.captured import FOLDER
from tests.test_streams import Wire

S = 10**9
NOW = BUILT / S + 1000.0
LOGS = sorted(path for path in FOLDER.glob("gnss-*/*.log")) if FOLDER.is_dir() else []


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


def fixes(path):
    """What the real driver makes of a log, with ticks that run as its own seconds do."""
    driver = NMEA(Wire([path.read_bytes()]))
    for _ in range(100_000):
        try:
            yield driver.measure()
        except drivers.NoData:
            return
        except drivers.DriverError:
            continue


def anchors(path, floor):
    time, ticks = GnssTime(), 0
    for got in fixes(path):
        ticks += S
        utc = got.values.get("utc")
        if utc is None or got.values.get("fix", 0) < 2 or got.flags.get("utc"):
            time.forget()
        elif anchor := time.hear(Stamp("b", ticks), utc, floor):
            yield anchor, utc


@pytest.mark.skipif(not LOGS, reason=f"no captures at {FOLDER}: set EDGE_CAPTURES")
def test_no_old_log_played_today_makes_an_anchor():
    old = [path for path in LOGS if _year(path) < 2026]
    assert len(old) >= 8
    assert {path.stem: list(anchors(path, BUILT)) for path in old if any(anchors(path, BUILT))} == {}


@pytest.mark.skipif(not LOGS, reason=f"no captures at {FOLDER}: set EDGE_CAPTURES")
def test_with_a_floor_of_its_own_day_a_log_gives_its_true_date():
    made = 0
    for path in LOGS:
        if path.stem in ("april6_2019", "neo-m8n", "quectel-l76k-nmea"):
            continue  # wrong by 1024 weeks on purpose; dates of gpsd rolled over; five fixes a second
        floor = round((_year(path) - 1970) * 365.2425 * 86400) * S
        for anchor, utc in anchors(path, floor):
            made += 1
            assert abs(anchor.utc / S - utc) <= 1.0
    assert made >= 20


def _year(path):
    reports = path.with_suffix(".gpsd.jsonl").read_text().splitlines()
    times = [json.loads(line).get("time", "") for line in reports]
    year = max((int(found[0]) for time in times if (found := re.match(r"\d{4}", time))), default=1999)
    return 2015 if year == 2034 else year
