"""Third-party captures of receivers, of gpsd and of a pulse per second, beyond positions (those: test_gnss.py).

What pyubx2 decoded of each UBX log, and gpsd's own reports as its client gets them. Without the folder all skip.
"""

import json
from collections.abc import Iterator
from functools import cache

import pytest

import drivers
from drivers.framing import Framer, Sentence
from drivers.gnss import ubx
from drivers.gnss.nmea import NMEA
from drivers.gnss.pps import LATE
from drivers.gnss.ublox import Ublox
from drivers.gnss.ublox_setup import ACK, NAK
from drivers.quality import Reason
from drivers.trace import Replay, Step
from tests.fakes import Pieces
from tests.test_gnss import CAPTURES, LOGS, at, pieces, same, told

if not CAPTURES.is_dir():
    pytest.skip(f"no captures at {CAPTURES}: set EDGE_CAPTURES", allow_module_level=True)

UBX_LOGS = [log for log in LOGS if (CAPTURES / f"{log}.ubx.jsonl").exists()]
LATER = {
    "gnss-modem-at/cgpsinfo.json": "no driver asks a modem by AT commands; its NMEA port is served",
    "rtcm3": "corrections are framed and forwarded, not measured",
}
NANO = 1e-6  # seconds; a float of 1.8e9 resolves 2.4e-7


@cache
def decoded(log: str) -> list[dict]:
    """What pyubx2 found, one a frame."""
    return [json.loads(line) for line in (CAPTURES / f"{log}.ubx.jsonl").read_text().splitlines()]


@cache
def frames(log: str) -> list[bytes]:
    """The UBX frames that our framer finds, cut anywhere."""
    framer, found = Framer(Sentence(), ubx.FRAME), []
    for piece in [*pieces((CAPTURES / f"{log}.log").read_bytes(), 7), b""]:
        framer.feed(piece)
        while True:
            try:
                frame = framer.next(idle=not piece)
            except drivers.BadData:
                continue
            if frame is None:
                break
            found.append(frame)
    return [frame for frame in found if frame.startswith(b"\xb5")]


def of(log: str, kind: bytes) -> list[bytes]:
    return [frame[6:-2] for frame in frames(log) if frame[2:4] == kind]


def by_pyubx2(log: str, name: str) -> list[dict]:
    return [one for one in decoded(log) if one["id"] == name]


@pytest.mark.parametrize("log", UBX_LOGS)
def test_every_frame_is_found(log: str) -> None:
    counts = json.loads((CAPTURES / f"{log}.frames.json").read_text())
    assert len(frames(log)) == counts["ubx_ok"]
    for name, count in counts["ubx_ids"].items():
        assert len(of(log, bytes.fromhex(name.replace("-", "")))) == count, name


@pytest.mark.parametrize("log", UBX_LOGS)
def test_nav_pvt(log: str) -> None:
    pairs = list(zip(of(log, ubx.NAV_PVT), by_pyubx2(log, "NAV-PVT"), strict=True))
    assert pairs
    for payload, theirs in pairs:
        got = ubx.nav_pvt(payload)
        assert got.values["latitude"] == pytest.approx(theirs["lat"], abs=1e-9)
        assert got.values["longitude"] == pytest.approx(theirs["lon"], abs=1e-9)
        assert got.values["height"] == pytest.approx(theirs["height"] / 1000, abs=1e-6)
        assert got.values["altitude"] == pytest.approx(theirs["hMSL"] / 1000, abs=1e-6)
        assert got.values["satellites"] == theirs["numSV"]
        assert got.values["pdop"] == pytest.approx(theirs["pDOP"])
        assert got.values["speed"] == pytest.approx(theirs["gSpeed"] / 1000)
        assert got.values["course"] == pytest.approx(theirs["headMot"])
        assert got.values["utc"] % 60 == pytest.approx((theirs["second"] + theirs["nano"] / 1e9) % 60, abs=NANO)
        quality = {1: 5, 2: 4}.get(theirs["carrSoln"], 2 if theirs["diffSoln"] else 1)
        assert got.values["fix_quality"] == quality
        assert ("latitude" in got.flags) == (theirs["hAcc"] > 25_000)


@pytest.mark.parametrize("log", UBX_LOGS)
def test_nav_dop_and_nav_sat(log: str) -> None:
    dops, skies = of(log, ubx.NAV_DOP), of(log, ubx.NAV_SAT)
    assert [ubx.nav_dop(payload)["hdop"] for payload in dops] == [one["hDOP"] for one in by_pyubx2(log, "NAV-DOP")]
    counted = [ubx.nav_sat(payload)["satellites_in_view"] for payload in skies]
    theirs = [one["numSvs"] for one in by_pyubx2(log, "NAV-SAT")]
    assert counted[: len(theirs)] == theirs
    assert skies and len(counted) >= len(theirs)


@pytest.mark.parametrize("log", UBX_LOGS)
def test_dilution_and_sky_come_with_their_fix(log: str) -> None:
    """The one driver gives what the messages of one time of week say, none of it twice."""
    found = [got.values for got in told(Ublox(Pieces(pieces((CAPTURES / f"{log}.log").read_bytes(), 3))))]
    moments = {payload[:4]: ubx.nav_pvt(payload).values for payload in of(log, ubx.NAV_PVT)}
    extras: dict[bytes, dict[str, float]] = {}
    for kind, decode in ((ubx.NAV_DOP, ubx.nav_dop), (ubx.NAV_SAT, ubx.nav_sat)):
        for payload in of(log, kind):
            extras.setdefault(payload[:4], {}).update(decode(payload))
    wanted = [{**values, **extras.get(moment, {})} for moment, values in moments.items()]
    assert [values for values in found if values.get("pdop") and "fix_quality" in values][-len(wanted) :] == wanted


def test_mon_hw_and_mon_ver() -> None:
    heard = of("gnss-ublox-nmea/navisys-gr8013", ubx.MON_HW)
    assert len(heard) == 9
    assert not any(ubx.disturbed(ubx.MON_HW, payload) for payload in heard)
    versions = of("gnss-ublox-ubx/ublox8-uniqid-monhw", ubx.MON_VER)
    assert [ubx.protocol(payload) for payload in versions] == [18.0] * 4


def test_answers_to_settings_are_understood() -> None:
    log = "gnss-ublox-ubx/ublox8-uniqid-monhw"
    assert (len(of(log, ACK)), len(of(log, NAK))) == (31, 2)
    assert set(of(log, NAK)) == {b"\x06\x01"}


def test_ubx_and_nmea_of_one_receiver_agree() -> None:
    """The log has each fix in both languages; NMEA has five digits of a minute."""
    data = (CAPTURES / "gnss-ublox-ubx/ublox8-uniqid-monhw.log").read_bytes()
    found = [got.values for got in told(NMEA(Pieces(pieces(data, 1))))]
    binary = {at(values): values for values in found if "pdop" in values and "hdop" not in values}
    spoken = [values for values in found if "hdop" in values and at(values) in binary]
    assert sum("altitude" in values for values in spoken) >= 3
    for values in spoken:
        other = binary[at(values)]
        assert same(dict(values), {"lat": other["latitude"], "lon": other["longitude"]})
        assert values.get("altitude", other["altitude"]) == pytest.approx(other["altitude"], abs=0.1)
        assert values["speed"] == pytest.approx(other["speed"], abs=0.01)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("log", LOGS)
def test_gpsd_as_its_client_hears_it(log: str, seed: int) -> None:
    """Every report of gpsd, as it would come over the network, in pieces."""
    path = CAPTURES / f"{log}.gpsd.jsonl"
    lines = path.read_bytes().replace(b"\n", b"\r\n")
    driver = drivers.load("gpsd_client")(Pieces(pieces(lines, seed)))
    driver.start()
    found = told(driver)
    reports = [json.loads(line) for line in path.read_text().splitlines()]
    positions = [report for report in reports if report["class"] == "TPV"]
    assert len(found) == len(positions)
    for got, report in zip(found, positions, strict=True):
        where = [got.values.get(name) for name in ("latitude", "longitude", "altitude", "height", "speed", "course")]
        given = [report.get(name) for name in ("lat", "lon", "altMSL", "altHAE", "speed", "track")]
        assert where == (given if report["mode"] >= 2 and "lat" in report else [None] * 6)
        assert got.values["fix"] == (report["mode"] if report["mode"] >= 2 and "lat" in report else 0)
        assert ("utc" in got.values) == ("time" in report)
    skies = [report["nSat"] for report in reports if report["class"] == "SKY" and "nSat" in report]
    assert {got.values.get("satellites_in_view") for got in found} <= {None, *skies}


def pulses() -> dict[str, dict]:
    return {case["id"]: case for case in json.loads((CAPTURES / "pps" / "sysfs.json").read_text())["cases"]}


def asked(*texts: str) -> drivers.Measurement:
    """What PPS says when its file has these texts in turn."""
    driver = drivers.load("pps")(Replay(Step("=", f"assert {json.dumps(text)}") for text in texts))
    driver.trigger()
    for _ in texts[2:]:
        with pytest.raises(drivers.NoData):
            driver.measure()
    return driver.measure()


def test_pps_offset() -> None:
    case = pulses()["assert"]
    got = asked(case["content"].replace("#86400", "#86399"), case["content"])
    assert got.values["clock_offset"] == pytest.approx(case["expect"]["offset_ns"] / 1e9, rel=1e-9)
    assert not got.flags


def test_pps_that_stopped_is_stale() -> None:
    case = pulses()["stale"]
    assert asked(case["a"], *[case["b"]] * LATE).flags == {"clock_offset": Reason.STALE}


def test_no_case_is_forgotten() -> None:
    assert set(pulses()) == {"assert", "stale"}
    assert len(UBX_LOGS) == 5
    assert set(logs()) == set(LOGS)
    files = {f"{path.parent.name}/{path.name}" for path in CAPTURES.glob("gnss-*/*.json")}
    assert {name for name in files if not name.endswith(".frames.json")} <= LATER.keys()


def logs() -> Iterator[str]:
    yield from (str(path.relative_to(CAPTURES)).removesuffix(".log") for path in CAPTURES.glob("gnss-*/*.log"))
