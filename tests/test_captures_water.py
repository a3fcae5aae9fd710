"""Third-party captures and data sheet vectors of level sensors, analog inputs and rain gauges, read in place.

A case that is neither run nor named in ``LATER`` makes this fail; where the folder is absent all are skipped.
"""

from collections.abc import Iterator

import pytest

import drivers
from drivers import analog
from drivers.generic.ads1115 import config
from drivers.trace import Replay, Step
from tests.captured import Cases, files, require

WANTED = (
    "ads1115",
    "loop-4-20ma",
    "dfrobot-analog",
    "ultrasonic-a02",
    "ultrasonic-jsn",
    "ultrasonic-maxbotix",
    "rain-hydreon",
)
LATER = {
    "pulse": "no driver times an echo: user space errs by centimetres",
    "rg9": "gives classes from 0 to 7, for which the catalogue has no quantity",
}
DEFAULTS = {option.name: option.default for option in analog.OPTIONS}

require()


def found() -> Iterator[tuple[str, dict]]:
    for file, about in files(WANTED):
        for number, case in enumerate(about["cases"]):
            yield f"{file}:{number}:{case['id']}", case


def later(case: dict) -> bool:
    return case["kind"] in LATER or case["id"] in LATER


CASES = Cases(found(), later)


def incoming(case: dict) -> bytes:
    return bytes.fromhex(case["in_hex"]) if "in_hex" in case else case["in_ascii"].encode()


def heard(name: str, data: bytes, size: int) -> list[drivers.Measurement]:
    """The measurements of a stream that arrives in pieces of ``size`` bytes."""
    steps = [Step("<", data[at : at + size].hex()) for at in range(0, len(data), size)]
    bus = Replay(steps)
    driver = drivers.load(name)(bus)
    got = []
    for _ in range(len(data) + 1):
        try:
            got.append(driver.measure())
        except (drivers.NoData, drivers.BadData):
            continue
    assert bus.ended
    return got


@pytest.mark.parametrize("size", [1, 3, 256])
@pytest.mark.parametrize("case", CASES.of("ultrasonic-a02", "stream"))
def test_a02(case: dict, size: int) -> None:
    got = heard("a02yyuw", incoming(case), size)
    assert [one.values["distance"] for one in got] == case["expect_mm"]


@pytest.mark.parametrize("size", [1, 3, 256])
@pytest.mark.parametrize("case", CASES.of("ultrasonic-maxbotix", "stream"))
def test_maxbotix(case: dict, size: int) -> None:
    got = heard("maxbotix", incoming(case), size)
    assert [one.values["distance"] for one in got] == case["expect_mm"]
    assert [drivers.Reason.SATURATED in one.flags.values() for one in got] == ["flag" in case] * len(got)


@pytest.mark.parametrize("case", CASES.of("ultrasonic-jsn", "decode"))
def test_jsn(case: dict) -> None:
    driver = drivers.load(case["model"])(Replay([Step(">", case["request_hex"]), Step("<", case["in_hex"])]))
    assert driver.sample().values == {"distance": case["expect_mm"]}


@pytest.mark.parametrize("case", CASES.of("ads1115", "const"))
def test_ads1115_default(case: dict) -> None:
    assert config("0-1", 2.048, 128).hex() == case["value"]


@pytest.mark.parametrize("case", CASES.of("ads1115", "encode"))
def test_ads1115_encode(case: dict) -> None:
    assert "01" + config("0-1", 0.256, 860).hex() == case["out_hex"]


@pytest.mark.parametrize("case", CASES.of("ads1115", "decode"))
def test_ads1115_decode(case: dict) -> None:
    values = ads1115(case["raw_hex"], full_scale=case["full_scale"]).values
    assert values["voltage"] == pytest.approx(case["expect_v"], rel=1e-6)


def ads1115(raw: str, **options: object) -> drivers.Measurement:
    asked = config("0", options.get("full_scale", 4.096), 16).hex()
    steps = [Step(">", "01" + asked, 0x48), Step("<", asked, 0x48), Step(">", "00", 0x48), Step("<", raw, 0x48)]
    return drivers.load("ads1115")(Replay(steps), **options).sample()


@pytest.mark.parametrize("case", CASES.of("loop-4-20ma", "convert"))
def test_loop(case: dict) -> None:
    expect, (low, high) = case["expect"], case["range"]
    given = {"shunt": case["shunt_ohm"], "range_low": low, "range_high": high}
    values, reason = analog.SENSORS["level"].convert(case["v"], given)
    assert values["current"] == pytest.approx(expect["ma"], rel=1e-6)
    assert (reason == drivers.Reason.SENSOR_FAULT) == ("fault" in expect)
    assert (reason == drivers.Reason.SATURATED) == ("flag" in expect)
    if "value" in expect:
        assert values["level"] == pytest.approx(expect["value"], rel=1e-6)
    raw = round(case["v"] * 8000).to_bytes(2, "big").hex()
    assert ads1115(raw, sensor="level", **given).values == pytest.approx(values, abs=1e-3)


@pytest.mark.parametrize("case", CASES.of("dfrobot-analog", "ph"))
def test_dfrobot_ph(case: dict) -> None:
    given = {"neutral_mv": case["neutral_mv"], "acid_mv": case["acid_mv"]}
    values, _ = analog.SENSORS["dfrobot_ph"].convert(case["mv"] / 1000, DEFAULTS | given)
    assert values["ph"] == pytest.approx(case["expect"], rel=1e-5)


@pytest.mark.parametrize("case", CASES.of("dfrobot-analog", "ec"))
def test_dfrobot_ec(case: dict) -> None:
    given = {"temperature": case["temp_c"], "k_low": case["k_low"], "k_high": case["k_high"]}
    values, _ = analog.SENSORS["dfrobot_ec"].convert(case["mv"] / 1000, DEFAULTS | given)
    assert values["conductivity"] / 1000 == pytest.approx(case["expect_ms_cm"], rel=1e-5)


@pytest.mark.parametrize("case", CASES.of("rain-hydreon", "line"))
def test_hydreon(case: dict) -> None:
    settings, answer = Step(">", b"P\nH\nM\n".hex()), Step("<", case["in_ascii"].encode().hex())
    boot = case["expect"].get("event") == "boot"
    bus = Replay([answer, settings] if boot else [answer])
    driver = drivers.load("hydreon_rg15")(bus)
    if boot:
        with pytest.raises(drivers.NoData):
            driver.measure()
    else:
        assert case["expect"]["unit"] == "mm"
        assert driver.measure().values == {"rain": case["expect"]["acc"], "rain_total": case["expect"]["total"]}
    assert bus.ended


def test_no_case_is_forgotten() -> None:
    CASES.check(WANTED)
