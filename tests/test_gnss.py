import itertools
import json
import os
import random
from datetime import datetime
from pathlib import Path

import pytest

from drivers.driver import Measurement
from drivers.errors import BadData, NoData
from drivers.gnss.fix import clock, coordinate
from drivers.gnss.nmea import NMEA
from drivers.gnss.ublox import Ublox
from drivers.quality import Reason
from drivers.sim import SimPort
from drivers.sim.time import VirtualTime
from tests.fakes import Pieces

CAPTURES = Path(os.environ.get("EDGE_CAPTURES", Path(__file__).parents[1] / ".." / "shared" / "captures"))
PLACE = "5231.20240,N,01324.29700,E"

# log: measurements, those with a position, those compared with gpsd by time of day, positions of gpsd found again
LOGS = {
    "gnss-beidou/beidou-gb": (5, 2, 1, 9),
    "gnss-casic-l76k/quectel-l76k-nmea": (151, 151, 150, 150),
    "gnss-edge-cases/april6_2019": (3, 2, 1, 2),
    "gnss-edge-cases/motorola-t805": (25, 16, 15, 31),
    "gnss-f9p/ublox-zed-f9p-hp": (29, 29, 28, 28),
    "gnss-f9p/ublox-zed-f9t-rtcm3": (26, 26, 22, 22),
    "gnss-modem/quectel-eg25-g-2": (3, 3, 3, 28),
    "gnss-other-nmea/mt3339": (30, 30, 30, 32),
    "gnss-ublox-nmea/navisys-gr8013": (35, 35, 35, 43),
    "gnss-ublox-nmea/neo-m8n": (24, 24, 22, 23),
    "gnss-ublox-ubx/ublox-neo-m8n": (24, 24, 22, 22),
    "gnss-ublox-ubx/ublox8-uniqid-monhw": (13, 13, 13, 22),
}
ONCE = {"gnss-ublox-ubx/ublox8-uniqid-monhw": (8, 8, 8, 22)}  # fixes that came in both languages, told in one


def sentence(body: str) -> bytes:
    total = 0
    for byte in body.encode():
        total ^= byte
    return f"${body}*{total:02X}\r\n".encode()


def told(driver: NMEA, times: int = 10_000) -> list[Measurement]:
    """Everything the driver says until its line is silent for good."""
    found = []
    for _ in range(times):
        try:
            found.append(driver.measure())
        except BadData:
            continue
        except NoData:
            if not driver.bus.pieces:
                return found
    raise AssertionError("the driver never ends")


def heard(*bodies: str) -> list[dict[str, float]]:
    return [dict(got.values) for got in told(NMEA(Pieces(sentence(body) if body else b"" for body in bodies)))]


def rmc(time: str, date: str = "231126", status: str = "A", place: str = PLACE, mode: str = "A") -> str:
    return f"GNRMC,{time},{status},{place},0.10,,{date},,,{mode}"


def gga(time: str, quality: int = 1, place: str = PLACE) -> str:
    return f"GNGGA,{time},{place},{quality},09,0.92,36.0,M,42.5,M,,"


def pieces(data: bytes, seed: int) -> list[bytes]:
    dice = random.Random(seed)
    cuts = [0]
    while cuts[-1] < len(data):
        cuts.append(cuts[-1] + dice.randint(1, 400))
    return [data[a:b] for a, b in itertools.pairwise(cuts)]


def time_of_day(seconds: float) -> int:
    return round(seconds * 100) % 8_640_000


def gpsd(path: Path) -> list[dict]:
    """Reports with a position; ``at`` is the time of day, None where gpsd knew none."""
    reports = [json.loads(line) for line in path.read_text().splitlines()]
    found = [report for report in reports if report["class"] == "TPV" and report["mode"] >= 2 and "lat" in report]
    for report in found:
        when = report.get("time")
        report["at"] = time_of_day(datetime.fromisoformat(when).timestamp()) if when else None
    return found


def at(values: dict) -> int:
    return time_of_day(values["utc"]) if "utc" in values else -1


def same(values: dict, report: dict) -> bool:
    near = pytest.approx(report["lat"], abs=1e-6), pytest.approx(report["lon"], abs=1e-6)
    return (values["latitude"], values["longitude"]) == near


def agrees(values: dict, report: dict) -> bool:
    pairs = (("altitude", "altMSL"), ("speed", "speed"))
    both = [(values[ours], report[theirs]) for ours, theirs in pairs if ours in values and theirs in report]
    return same(values, report) and all(ours == pytest.approx(theirs, abs=0.01) for ours, theirs in both)


def found_again(report: dict, fixes: list[dict]) -> bool:
    same_time = [values for values in fixes if report["at"] in (None, at(values))]
    return any(same(values, report) for values in same_time)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("log", LOGS)
@pytest.mark.parametrize("kind", [NMEA, Ublox])
def test_real_receiver(kind: type[NMEA], log: str, seed: int) -> None:
    path = CAPTURES / f"{log}.log"
    if not path.exists():
        pytest.skip(f"no captures at {CAPTURES}")
    found = [dict(got.values) for got in told(kind(Pieces(pieces(path.read_bytes(), seed))))]
    fixes = [values for values in found if "latitude" in values]
    assert all((values["fix"] >= 2) == ("latitude" in values) for values in found)
    reports = gpsd(path.with_suffix(".gpsd.jsonl"))
    compared = 0
    for values in fixes:
        if rivals := [report for report in reports if report["at"] == at(values)]:
            full = [report for report in rivals if report.keys() >= rivals[-1].keys() & {"altMSL", "speed"}]
            assert any(agrees(values, report) for report in full), (values, rivals)
            compared += 1
    assert not [report for report in reports if not found_again(report, fixes)]
    assert (len(found), len(fixes), compared, len(reports)) == (ONCE if kind is Ublox else {}).get(log, LOGS[log])


def test_damaged_date_costs_the_date_only() -> None:
    (got,) = heard(rmc("000231.099", date="2208-1"))
    assert "utc" not in got and got["latitude"] == pytest.approx(52.52004, abs=1e-9)


def test_two_digit_years() -> None:
    days = {"010180": 315532800, "311279": 3471206400, "231126": 1795392000, "060499": 923356800}
    assert {day: heard(rmc("000000.00", day))[0]["utc"] for day in days} == days


def test_zda_has_the_last_word_on_the_year() -> None:
    (got,) = heard("GPZDA,120000.00,23,11,2026,00,00", rmc("120000.00", "231106"))
    assert got["utc"] == 1795435200


def test_leap_second_is_the_first_of_the_next_day() -> None:
    assert [got["utc"] for got in heard(rmc("235960.50", "311216"))] == [1483228800.5]


def test_damaged_time_is_no_time() -> None:
    texts = ("", "1200", "240000.00", "126000.00", "12 000.00", "-10000.00", "120000.00x", "120060.00")
    assert [clock(text) for text in texts] == [None] * 8


def test_empty_and_missing_fields_are_absent() -> None:
    (got,) = heard("GNRMC,,V,,,,,,,,,,N", "GNGGA,,,,,,0,00,99.99,,,,,,", "GNGSA,A,1,,,,,,,,,,,,,99.99,99.99,99.99")
    assert got == {"fix": 0, "satellites": 0, "fix_quality": 0}
    assert heard("GPRMC,120000.00,A", "GPGGA,120000.00") == [{"fix": 0.0}]


def test_gll_alone_is_a_fix_without_a_date() -> None:
    (got,) = heard("GPGLL,5231.20240,N,01324.29700,E,120000.00,A,A")
    assert got == {"fix": 2, "latitude": pytest.approx(52.52004), "longitude": pytest.approx(13.40495)}


def test_gns_counts_satellites_of_all_systems() -> None:
    gns = f"GNGNS,120000.00,{PLACE},AAN,15,0.8,36.0,42.5,,,V"
    (got,) = heard(gga("120000.00"), gns)
    assert (got["satellites"], got["height"], got["hdop"]) == (15, 78.5, 0.92)


def test_speed_and_course_of_vtg() -> None:
    (got,) = heard(gga("120000.00"), "GNVTG,84.50,T,,M,10.0,N,18.5,K,A")
    assert (got["speed"], got["course"]) == (pytest.approx(5.14444, abs=1e-5), 84.5)


@pytest.mark.parametrize(
    "bodies",
    [
        (rmc("120000.00", status="V"), gga("120000.00")),
        (rmc("120000.00"), gga("120000.00", quality=0)),
        (gga("120000.00"), "GNGSA,A,1,,,,,,,,,,,,,1.7,0.9,1.4"),
        (gga("120000.00"), f"GNGNS,120000.00,{PLACE},NNN,00,,,,,"),
        (gga("120000.00"), f"GNGLL,{PLACE},120000.00,V,N"),
    ],
)
def test_all_must_agree_on_a_fix(bodies: tuple[str, ...]) -> None:
    (got,) = heard(*bodies)
    assert got.keys() <= {"fix", "satellites", "fix_quality", "utc"} and got["fix"] == 0


REFUSED = ("0000.0000,N,00000.0000,E", ",N,,E", "5260.0,N,01324.0,E", "9100.0,N,01324.0,E", "5231.2,X,01324.0,E")


@pytest.mark.parametrize("place", REFUSED)
def test_impossible_position_is_refused(place: str) -> None:
    (got,) = told(NMEA(Pieces([sentence(rmc("120000.00", place=place))])))
    assert got.values["fix"] == 0 and "latitude" not in got.values
    assert got.flags == {"fix": Reason.INCONSISTENT}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (rmc("120000.00", mode="E"), Reason.INCONSISTENT),
        (rmc("120000.00", mode="S"), Reason.SENSOR_FAULT),
        (gga("120000.00", quality=7), Reason.SENSOR_FAULT),
        (gga("120000.00", quality=6), Reason.INCONSISTENT),
        (gga("120000.00", quality=4), None),
    ],
)
def test_positions_that_were_not_measured_are_flagged(body: str, reason: Reason | None) -> None:
    (got,) = told(NMEA(Pieces([sentence(body)])))
    assert got.values["latitude"] and got.flags.get("latitude") == reason


def test_coordinate_keeps_its_digits() -> None:
    assert coordinate("12118.8515123", "W", "EW") == pytest.approx(-121.314191871667, abs=1e-12)
    assert coordinate("00000.0060", "E", "EW") == pytest.approx(0.0001)


def test_fix_is_told_at_the_sentence_that_ended_the_burst_before() -> None:
    gsa = "GNGSA,A,3,02,,,,,,,,,,,,1.71,0.92,1.44"
    line = Pieces([])
    driver = NMEA(line)
    line.pieces = [sentence(body) for body in (rmc("120000.00"), gga("120000.00"), gsa, gsa)]
    assert driver.measure().values["utc"] == 1795435200  # by silence
    for second in range(1, 4):
        burst = [rmc(f"12000{second}.00"), gga(f"12000{second}.00"), gsa, gsa]
        line.pieces = [*map(sentence, burst), sentence("GPGSV,1,1,00"), sentence(rmc("130000.00"))]
        assert driver.measure().values["utc"] == 1795435200 + second
        assert len(line.pieces) == 2
        line.pieces.clear()


def test_fix_is_told_when_the_time_changes_and_the_next_is_not_late() -> None:
    line = Pieces(sentence(rmc(f"1200{second:02d}.00")) for second in range(5))
    driver = NMEA(line)
    left = []
    for second in range(5):
        assert driver.measure().values["utc"] == 1795435200 + second
        left.append(len(line.pieces))
    assert left == [3, 3, 2, 1, 0]


def test_burst_that_grows_is_learned_anew_and_told_once() -> None:
    bodies = []
    for second in range(4):
        bodies += [rmc(f"12000{second}.00"), gga(f"12000{second}.00")]
        bodies += [f"GPZDA,12000{second}.00,23,11,2026,00,00"] * (second > 1)
    assert [got["utc"] - 1795435200 for got in heard(*bodies)] == [0, 1, 2, 3]


def test_leading_sentence_without_time_belongs_to_the_next_fix() -> None:
    gsa = "GPGSA,A,{},02,,,,,,,,,,,,{},0.92,1.44"
    bodies = [gsa.format(3, 1.5), rmc("120000.00"), "", gsa.format(2, 2.5), rmc("120001.00"), ""]
    assert [(got["fix"], got["pdop"]) for got in heard(*bodies)] == [(3, 1.5), (2, 2.5)]


def test_damaged_end_of_a_burst_is_replaced_by_silence() -> None:
    damaged = sentence(rmc("120001.00")).replace(b"N,013", b"N,014")
    first = [sentence(gga("120000.00")), sentence(rmc("120000.00")), b""]
    got = told(NMEA(Pieces([*first, sentence(gga("120001.00")), damaged, b""])))
    assert [measurement.values.get("utc") for measurement in got] == [1795435200, None]


def test_other_sentences_are_passed_over() -> None:
    others = ("GPGSV,1,1,00", "PUBX,00,081350.00", "PQGSA,A,3,12,,,,,,,,,,,,1.2,0.9,0.9,4", "XXABC,1")
    assert heard(*others) == []
    with pytest.raises(BadData):
        NMEA(Pieces([sentence("GPRMC")])).measure()


def test_simulated_receiver_starts_cold_and_keeps_its_pace() -> None:
    time = VirtualTime()
    driver = NMEA(SimPort("gnss_nmea", "sim://?ttff=3&rate=2", time).open())
    found = [(driver.sample(), time.now()) for _ in range(16)]
    assert [got.values["fix"] for got, _ in found] == [0] * 6 + [3] * 10
    assert [got.values["utc"] - now for got, now in found[6:]] == [1795435200] * 10
    assert all(got.values["latitude"] == pytest.approx(52.52, abs=1e-3) for got, _ in found[6:])
