"""Third-party captures and data sheet vectors, read in place: every case of the devices that exist today.

They are other people's data and stay out of the repository (EDGE_CAPTURES or ../shared/captures). A case that is
not run makes this fail.
"""

import json

import pytest

import drivers
from drivers.air.plantower import COUNTS, MASSES
from drivers.checks import crc8, crc8_maxim
from drivers.pulses import Debounce
from drivers.sensirion import words
from drivers.trace import Replay, Step, parse
from drivers.water import ezo
from drivers.water.ds18b20 import celsius
from tests.captured import Cases, listed, require

WANTED = ("pm-plantower", "sht3x", "atlas-ezo", "ds18b20", "pulse-counter", "sensirion-crc8")
PMS = {"PMS3003": "pms3003", "PMS5003T": "pms5003t", "PMSx003": "pms5003"}
PMS_NAMES = {
    "raw01": "pm1_cf1",
    "raw25": "pm2_5_cf1",
    "raw10": "pm10_cf1",
    "pm01": "pm1",
    "pm25": "pm2_5",
    "pm10": "pm10",
    "n0_3": "n0_3",
    "n0_5": "n0_5",
    "n1_0": "n1",
    "n2_5": "n2_5",
    "n5_0": "n5",
    "n10_0": "n10",
    "temp": "temperature",
    "rhum": "humidity",
}
WAKE = parse("> 42 4d e4 00 01 01 74\n> 42 4d e1 00 01 01 71")
SLEEP = parse("> 42 4d e4 00 00 01 73")

require()


CASES = Cases(listed(WANTED, kind="crc"))


def pms(case: dict) -> drivers.Driver:
    driver = drivers.load(PMS[case["sensor"]])(Replay([*WAKE, Step("<", case["in_hex"])]))
    driver.start()
    return driver


@pytest.mark.parametrize("case", CASES.of("pm-plantower", "decode"))
def test_pms_decode(case: dict) -> None:
    got = pms(case).measure()
    values = got.values
    assert not got.flags
    assert {name: values[PMS_NAMES[name]] for name in case["expect"]} == pytest.approx(case["expect"])


@pytest.mark.parametrize("case", CASES.of("pm-plantower", "decode_raw"))
def test_pms_raw(case: dict) -> None:
    values = pms(case).measure().values
    assert [values[name] for name in MASSES] == case["expect_raw"][:6]
    assert [values[name] * 100 for name in COUNTS] == pytest.approx(case["expect_raw"][6:])


@pytest.mark.parametrize("case", CASES.of("pm-plantower", "reject"))
def test_pms_reject(case: dict) -> None:
    with pytest.raises((drivers.BadData, drivers.NoData)):
        pms(case).measure()


@pytest.mark.parametrize("case", CASES.of("pm-plantower", "encode"))
def test_pms_encode(case: dict) -> None:
    bus = Replay([*WAKE, *SLEEP])
    driver = drivers.load("pms5003")(bus)
    driver.start()
    driver.stop()
    assert bus.ended
    assert case["out_hex"] in {step.what.replace(" ", "") for step in (*WAKE, *SLEEP)}  # which Replay insists on


@pytest.mark.parametrize("case", CASES.of("sht3x", "decode"))
def test_sht3x(case: dict) -> None:
    driver = drivers.load("sht3x")(Replay([Step(">", case["cmd"], 0x44), Step("<", case["r"], 0x44)]))
    values = driver.sample().values
    expected = {"temperature": case["expect"]["temp_c"], "humidity": case["expect"]["rh"]}
    assert values == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("case", CASES.of("sensirion-crc8", "crc"))
def test_crc(case: dict) -> None:
    word, crc = bytes.fromhex(case["word"]), int(case["crc"], 16)
    assert crc8(word) == crc
    assert words(word + bytes((crc,))) == (int(case["word"], 16),)


@pytest.mark.parametrize("case", CASES.of("atlas-ezo", "i2c_reply"))
def test_ezo_reply(case: dict) -> None:
    expect, data = case["expect"], bytes.fromhex(case["in_hex"])
    if expect.get("status") == "syntax_error":
        with pytest.raises(drivers.BadData, match="not understand"):
            ezo.reply(data)
    elif "restart" in expect:
        assert ezo.status(ezo.reply(data)) == (expect["restart"], expect["vcc"])
    else:
        assert ezo.numbers(ezo.reply(data)) == expect["values"]


@pytest.mark.parametrize("case", CASES.of("atlas-ezo", "uart_lines"))
def test_ezo_lines(case: dict) -> None:
    assert ezo.lines(case["in_ascii"].encode()) == (case["expect"]["values"], case["expect"]["events"])


@pytest.mark.parametrize("case", CASES.of("ds18b20", "decode"))
def test_scratchpad(case: dict) -> None:
    pad = bytes.fromhex(case["scratchpad8_hex"])
    family = case["family"].removeprefix("0x")
    assert celsius(pad, family) == case["temp_c"]
    shown = f"{bytes((*pad, crc8_maxim(pad))).hex(' ')} "
    text = f"{shown}: crc={shown[-3:-1]} YES\n{shown}t={int(case['temp_c'] * 1000)}\n"
    driver = drivers.load("ds18b20")(Replay([Step("=", f"w1_slave {json.dumps(text)}")]), family=family)
    assert driver.measure().values == {"water_temperature": case["temp_c"]}


@pytest.mark.parametrize("case", CASES.of("ds18b20", "file"))
def test_w1_slave(case: dict) -> None:
    driver = drivers.load("ds18b20")(Replay([Step("=", f"w1_slave {json.dumps(case['content'])}")]))
    pad = bytes.fromhex(case["content"].partition(":")[0])
    assert (crc8_maxim(pad[:8]) == pad[8]) == case["expect"]["crc_valid"]
    if case["expect"]["ok"]:
        assert driver.measure().values == {"water_temperature": case["expect"]["temp_c"]}
    else:
        with pytest.raises(drivers.BadData):
            driver.measure()


@pytest.mark.parametrize("case", CASES.of("pulse-counter", "edges"))
def test_edges(case: dict) -> None:
    on = 1 if case["active"] == "high" else 0
    contact = Debounce(case["debounce_us"] / 1e6, active=case.get("initial", 1 - on) == on)
    for at, level in case["events"]:
        contact.edge(at / 1e6, level == on)
    assert contact.count == case["expect"]


@pytest.mark.parametrize("case", CASES.of("pulse-counter", "rate"))
def test_rates(case: dict) -> None:
    bus = Replay([Step("+", f"{case['pulses']} {case['seconds']}")])
    values = drivers.load("pulse_flow")(bus, **case["k"]).measure().values
    got = {"l_min": values["flow"], "m3_h": values["flow"] * 0.06, "litres": values["volume"]}
    assert {name: got[name] for name in case["expect"]} == pytest.approx(case["expect"], rel=1e-5)


def test_no_case_is_forgotten() -> None:
    CASES.check(WANTED)
