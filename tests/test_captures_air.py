"""Third-party captures and data sheet vectors of gas and climate sensors, read in place: every case is run.

They are other people's data and stay out of the repository (EDGE_CAPTURES or ../shared/captures). A case that no test
has taken makes the last test fail.
"""

import csv
import json
import struct
from collections.abc import Iterator

import pytest

import drivers
from drivers.air import mhz19
from drivers.air.bme280_trim import Trim as Trim280
from drivers.air.bme280_trim import celsius
from drivers.air.bme680_trim import LAYOUT, centidegrees, gas_wait
from drivers.air.bme680_trim import Trim as Trim680
from drivers.sensirion import command, word, words
from drivers.trace import Replay, Step
from tests.captured import FOLDER, Cases, require

WANTED = ("sht4x", "bme280", "scd4x", "scd30", "co2-mhz19", "sgp4x", "bme680")
NAMES = {"co2": "co2", "CO2": "co2", "temp_c": "temperature", "rh": "humidity", "pressure_pa": "pressure"}
SKIPPED = "8000008000008000"  # the reset values: Bosch's code makes numbers of them, the data sheet says "skipped"

require()


def found() -> Iterator[tuple[str, dict]]:
    """Name and content: a case of a file, a transcript, or a table."""
    for folder in WANTED:
        for path in sorted((FOLDER / folder).glob("*.json")):
            about = json.loads(path.read_text())
            common = {key: value for key, value in about.items() if key != "cases"} | {"folder": folder}
            for number, case in enumerate(about.get("cases", [])):
                yield f"{folder}/{path.stem}:{case.get('id', number)}", {"kind": "reference"} | common | case
            if "ops" in about:
                yield f"{folder}/{path.stem}", common | {"kind": "i2c"}
        for path in sorted((FOLDER / folder).glob("*.csv")):
            yield f"{folder}/{path.stem}", {"kind": "table", "folder": folder, "path": path}


CASES = Cases(found())


def steps(ops: list[dict]) -> list[Step]:
    out = []
    for op in ops:
        sides = ((">", op["w"]), ("<", op["r"]))
        out += [Step(sign, what, int(op["addr"], 16)) for sign, what in sides if what]
    return out


def asked(name: str, address: int, first: list[str], *pairs: tuple[str, str], **options: object) -> drivers.Driver:
    """A started driver; ``first`` is what it writes, then come questions and answers ("" for none)."""
    sides = [(">", what) for what in first]
    for question, answer in pairs:
        sides += [(">", question), ("<", answer)]
    played = [Step(sign, what, address) for sign, what in sides if what]
    driver = drivers.load(name)(Replay(played), **options)
    driver.start()
    return driver


def close(got: drivers.Measurement, expect: dict, tolerance: float | dict) -> None:
    """Pressure in pascals over there, in hectopascals over here."""
    for key, value in expect.items():
        ours = got.values[NAMES[key]] * (100 if key == "pressure_pa" else 1)
        assert ours == pytest.approx(value, abs=tolerance[key] if isinstance(tolerance, dict) else tolerance), key


@pytest.mark.parametrize("case", CASES.of("sht4x", "i2c"))
def test_sht4x(case: dict) -> None:
    bus = Replay(steps(case["ops"]))
    for expect in case["expect"]:
        if "serial" in expect:
            bus.transfer(0x44, b"\x89", 0)
            assert words(bus.transfer(0x44, b"", 6), 2) == divmod(int(expect["serial"], 16), 1 << 16)
        else:
            driver = drivers.load("sht4x")(bus)
            close(driver.sample(), {"temp_c": expect["temp_c"], "rh": expect["rh_clamped"]}, 1e-4)
    assert bus.ended


@pytest.mark.parametrize("case", CASES.of("bme280", "i2c"))
def test_bme280_transcript(case: dict) -> None:
    """As recorded, and the command to measure, which the recording leaves out."""
    played = steps(case["ops"])
    played.insert(6, Step(">", "f201f425", 0x76))
    bus = Replay(played)
    driver = drivers.load("bme280")(bus)
    driver.start()
    driver.trigger()
    with pytest.raises(drivers.NoData):
        driver.measure()
    got = driver.measure()
    close(got, case["expect"], case["tolerance"])
    assert not got.flags
    assert bus.ended


def bme280(case: dict, chip: str = "60") -> drivers.Driver:
    trim = [("88", case["reg_0x88_26bytes"]), ("e1", case["reg_0xE1_7bytes"])][: 2 if chip == "60" else 1]
    rest = ("f201f425", ""), ("f3", "00"), ("f7", case["reg_0xF7_8bytes"])
    return asked("bme280", 0x76, [], ("d0", chip), *trim, *rest)


@pytest.mark.parametrize("case", CASES.of("bme280", "reference"))
def test_bme280(case: dict) -> None:
    expect = case["expect_double"]
    if case["reg_0xF7_8bytes"] == SKIPPED:
        with pytest.raises(drivers.BadData, match="no sample"):
            bme280(case).sample()
        return
    got = bme280(case).sample()
    close(got, expect, {"temp_c": 2e-6, "pressure_pa": 1e-3, "rh": 1e-5})
    close(got, case["expect_int64"], case["tolerance"])
    clamped = {NAMES[name] for name in case["clamped_by_reference"]}
    assert got.flags == dict.fromkeys(clamped, drivers.Reason.SATURATED)
    dry = bme280(case, "58").sample()
    assert dry.values == {name: value for name, value in got.values.items() if name != "humidity"}


@pytest.mark.parametrize(
    "case", [param for param in CASES.of("bme280", "reference") if SKIPPED in param.values[0].values()]
)
def test_bme280_formula_of_skipped_samples(case: dict) -> None:
    trim = Trim280.parse(bytes.fromhex(case["reg_0x88_26bytes"]), bytes.fromhex(case["reg_0xE1_7bytes"]))
    fine = trim.fine(0x80000)
    got = {"temp_c": celsius(fine), "pressure_pa": 100 * trim.hectopascals(0x80000, fine)}
    got["rh"] = trim.percent(0x8000, fine)
    assert got == pytest.approx(case["expect_double"], rel=1e-6)


@pytest.mark.parametrize("case", CASES.of("scd4x", "i2c"))
def test_scd4x_transcript(case: dict) -> None:
    """As recorded, and the stop that the driver sends in case it was left measuring."""
    played = steps(case["ops"])
    played.insert(1, Step(">", "3f86", 0x62))
    bus = Replay(played)
    driver = drivers.load("scd4x")(bus)
    driver.start()
    driver.trigger()
    for ready in case["expect_ready"]:
        if not ready["ready"]:
            with pytest.raises(drivers.NoData):
                driver.measure()
    for expect in case["expect_measurements"]:
        close(driver.measure(), {key: expect[key] for key in ("co2", "temp_c", "rh")}, 1e-4)
    assert bus.ended


@pytest.mark.parametrize("case", CASES.of("scd4x", "decode"))
def test_scd4x(case: dict) -> None:
    if "serial" in case["expect"]:
        assert command(0x3682).hex() == case["cmd"]
        high, middle, low = words(bytes.fromhex(case["r"]), 3)
        assert high << 32 | middle << 16 | low == case["expect"]["serial"]
    else:
        driver = asked("scd4x", 0x62, ["36f6", "3f86", "21b1"], ("e4b8", "800604"), (case["cmd"], case["r"]))
        close(driver.sample(), case["expect"], case["tol"])


@pytest.mark.parametrize("case", CASES.of("scd30", "decode"))
def test_scd30(case: dict) -> None:
    driver = asked("scd30", 0x61, ["0010000081"], ("0202", "0001b0"), (case["cmd"], case["r"]))
    close(driver.sample(), case["expect"], 5e-4)


def mhz(case: dict) -> drivers.Driver:
    return drivers.load("mhz19")(Replay([Step(">", "ff0186000000000079"), Step("<", case["in_hex"])]))


@pytest.mark.parametrize("case", CASES.of("co2-mhz19", "decode", "decode_raw"))
def test_mhz19(case: dict) -> None:
    expect = case["expect"]["CO2"] if "expect" in case else case["expect_raw"][0]
    assert mhz(case).sample() == drivers.Measurement({"co2": expect})


@pytest.mark.parametrize("case", CASES.of("co2-mhz19", "reject"))
def test_mhz19_reject(case: dict) -> None:
    driver = mhz(case)
    driver.trigger()
    with pytest.raises(drivers.BadData):
        driver.measure()


@pytest.mark.parametrize("case", CASES.of("co2-mhz19", "encode"))
def test_mhz19_encode(case: dict) -> None:
    codes = {"zero_calibration": mhz19.ZERO}
    assert mhz19.command(codes[case["command"]]).hex() == case["out_hex"]


@pytest.mark.parametrize("case", CASES.of("sgp4x", "reference"))
def test_sgp40_command(case: dict) -> None:
    driver = asked("sgp40", 0x59, [case["out_hex"]])
    driver.trigger()
    assert driver.bus.ended


@pytest.mark.parametrize("case", CASES.of("sgp4x", "table"))
def test_sgp_raw_signals(case: dict) -> None:
    """The index beside each signal is the vendor's algorithm, which is not ours to do."""
    rows = [int(raw) for raw, _index in csv.reader(case["path"].open())]
    assert len(rows) > 100
    for raw in rows:
        driver = asked("sgp40", 0x59, [], ("260f8000a2666693", word(raw).hex()))
        assert driver.sample().values == {"voc_raw": raw}
        pair = (word(raw) + word(0xFFFF - raw)).hex()
        driver = asked("sgp41", 0x59, [], ("26198000a2666693", pair), conditioning=0)
        assert driver.sample().values == {"voc_raw": raw, "nox_raw": 0xFFFF - raw}


def trim_registers(par: dict) -> bytes:
    """The registers that hold these coefficients."""
    h1, h2 = par["par_h1"], par["par_h2"]
    p = [par[f"par_p{number}"] for number in (1, 2, 3, 4, 5, 7, 6, 8, 9, 10)]
    h = [par[f"par_h{number}"] for number in range(3, 8)]
    gas = par["par_gh2"], par["par_gh1"], par["par_gh3"], par["res_heat_val"]
    shared = (h2 & 0x0F) << 4 | h1 & 0x0F
    return struct.pack(
        LAYOUT, par["par_t2"], par["par_t3"], *p, h2 >> 4, shared, h1 >> 4, *h, par["par_t1"], *gas,
        par["res_heat_range"] << 4, par["range_sw_err"] << 4,
    )  # fmt: skip


def bme680(case: dict, variant: int, state: int = 0x30) -> drivers.Driver:
    """A driver that has to write the expected heater registers before it gets the samples."""
    trim, heater, expect = trim_registers(case["calibration"]), case["heater"], case["expect"]
    parts = ("8a", trim[:23].hex()), ("e1", trim[23:37].hex()), ("00", trim[37:].hex())
    go = 0x72, 1, 0x75, 0, 0x5A, expect["res_heat_reg"], 0x64, expect["gas_wait_reg"], 0x70, 0
    go = bytes((*go, 0x71, 0x20 if variant else 0x10, 0x74, 0x25)).hex()
    gas = (case["adc_gas"] << 6 | state | case["gas_range"]).to_bytes(2, "big")
    field = b"\x80\0" + (case["adc_p"] << 4).to_bytes(3, "big") + (case["adc_t"] << 4).to_bytes(3, "big")
    field = (field + case["adc_h"].to_bytes(2, "big")).ljust(15 if variant else 13, b"\0") + gas
    rest = (go, ""), ("1d", field.ljust(17, b"\0").hex())
    return asked(
        "bme680", 0x76, [], ("d0", "61"), ("f0", f"{variant:02x}"), *parts, *rest,
        heater=heater["target_c"], heating=heater["dur_ms"], ambient=heater["ambient_c"],
    )  # fmt: skip


@pytest.mark.parametrize("case", CASES.of("bme680", "reference"))
@pytest.mark.parametrize("variant", [0, 1])
def test_bme680(case: dict, variant: int) -> None:
    expect = case["expect"]
    got = bme680(case, variant).sample()
    assert got.values == {
        "temperature": expect["temp_c"],
        "pressure": expect["pressure_pa"] / 100,
        "humidity": expect["rh"],
        "gas_resistance": expect[f"gas_ohm_variant{variant}"],
    }
    for state in (0x00, 0x10, 0x20):
        assert "gas_resistance" not in bme680(case, variant, state).sample().values


@pytest.mark.parametrize("case", CASES.of("bme680", "reference"))
def test_bme680_formulas(case: dict) -> None:
    trim, expect, heater = Trim680.parse(trim_registers(case["calibration"])), case["expect"], case["heater"]
    fine = trim.fine(case["adc_t"])
    assert (fine, centidegrees(fine)) == (expect["t_fine"], round(100 * expect["temp_c"]))
    assert trim.heat(heater["target_c"], heater["ambient_c"]) == expect["res_heat_reg"]
    assert gas_wait(heater["dur_ms"]) == expect["gas_wait_reg"]


def test_no_case_is_forgotten() -> None:
    CASES.check(WANTED, most=2)  # two tests look at the formulas of Bosch
    assert len(CASES.all) >= 34
