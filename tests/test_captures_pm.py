"""Third-party captures and data sheet vectors of particle sensors, read in place: see tests/test_captures.py.

The Plantower cases stand there. A case that is not run makes this fail.
"""

import pytest

import drivers
from drivers import shdlc
from drivers.air.sds011 import command
from drivers.sensirion import command as asked
from drivers.sensirion import word
from drivers.sim.faults import Faults
from drivers.sim.sds011 import simulator
from drivers.sim.time import VirtualTime
from drivers.trace import Replay, Step, parse
from tests.captured import Cases, listed, require

WANTED = ("pm-sds011", "pm-sps30-i2c", "pm-sps30-uart", "sen5x")
NAMES = {
    "pm25": "pm2_5",
    "pm01": "pm1",
    "pm04": "pm4",
    "n1_0": "n1",
    "n4_0": "n4",
    "n10_0": "n10",
    "diam": "typical_size",
    "nc0_5": "n0_5",
    "nc1": "n1",
    "nc2_5": "n2_5",
    "nc4": "n4",
    "nc10": "n10",
    "typ_um": "typical_size",
    "rh": "humidity",
    "temp_c": "temperature",
    "voc": "voc_index",
    "nox": "nox_index",
}
NOVA = {"SDS01x": "sds011", "SDS198": "sds198"}
NOVA_COMMANDS = {
    "active_mode": command(2, 1, 0),
    "firmware_version device=A160": command(7, device=0xA160),
    "work_period 30": command(8, 1, 30),
}
BEGIN = parse("> 7e 00 01 00 fe 7e\n> 7e 00 00 02 01 03 f9 7e")
READ = parse("> 7e 00 03 00 fc 7e\n< 7e 00 01 43 00 bb 7e\n< 7e 00 00 00 00 ff 7e")
FAULT_BITS = {"fan_speed": 21, "laser_fault": 5, "fan_fault": 4}

require()


CASES = Cases(listed(WANTED))


def renamed(expected: dict) -> dict:
    return {NAMES.get(name, name): value for name, value in expected.items()}


def started(name: str, steps: list[Step]) -> drivers.Driver:
    driver = drivers.load(name)(Replay(steps))
    driver.start()
    return driver


def nova(case: dict) -> drivers.Driver:
    return started(NOVA[case["sensor"]], [Step(">", command(2, 1, 0).hex()), Step("<", case["in_hex"])])


@pytest.mark.parametrize("case", CASES.of("pm-sds011/", "decode"))
def test_sds_decode(case: dict) -> None:
    got = nova(case).measure()
    assert got.values == pytest.approx(renamed(case["expect"]))
    assert not got.flags


@pytest.mark.parametrize("case", CASES.of("pm-sds011/", "decode_raw"))
def test_sds_raw(case: dict) -> None:
    values = nova(case).measure().values
    assert [round(10 * value) for value in values.values()] == case["expect_raw"]


@pytest.mark.parametrize("case", CASES.of("pm-sds011/", "reject"))
def test_sds_reject(case: dict) -> None:
    with pytest.raises((drivers.BadData, drivers.NoData)):
        nova(case).measure()


@pytest.mark.parametrize("case", CASES.of("pm-sds011/", "encode"))
def test_sds_encode(case: dict) -> None:
    data = bytes.fromhex(case["out_hex"])
    assert NOVA_COMMANDS[case["command"]] == data
    time = VirtualTime()
    bus = simulator(time, Faults(time))
    bus.write(data)
    answer = bus.read(10)
    assert answer[:3] == b"\xaa\xc5" + data[2:3], "the simulated sensor understands it"


def uart(case: dict) -> drivers.Driver:
    return started("sps30_uart", [*BEGIN, *READ, Step("<", case["in_hex"])])


@pytest.mark.parametrize("case", CASES.of("pm-sps30-uart/SPS30", "decode"))
def test_sps30_uart_decode(case: dict) -> None:
    got = uart(case).measure()
    assert got.values == pytest.approx(renamed(case["expect"]), rel=1e-6)
    assert not got.flags


@pytest.mark.parametrize("case", CASES.of("pm-sps30-uart/unit", "decode_raw"))
def test_sps30_uart_raw(case: dict) -> None:
    assert list(uart(case).measure().values.values()) == case["expect_raw"]


@pytest.mark.parametrize("case", CASES.of("pm-sps30-uart/unit", "reject"))
def test_sps30_uart_reject(case: dict) -> None:
    with pytest.raises((drivers.BadData, drivers.NoData)):
        uart(case).measure()


@pytest.mark.parametrize("case", CASES.of("pm-sps30-uart/unit", "encode"))
def test_sps30_uart_encode(case: dict) -> None:
    bus = Replay([*BEGIN, Step(">", case["out_hex"])])
    driver = drivers.load("sps30_uart")(bus)
    driver.start()
    driver.stop()
    assert bus.ended


@pytest.mark.parametrize("case", CASES.of("pm-sps30-uart/shdlc", "decode"))
def test_shdlc_decode(case: dict) -> None:
    got, expect = shdlc.reply(bytes.fromhex(case["in_hex"])), case["expect"]
    assert got == (expect["addr"], expect["cmd"], expect["state"], bytes.fromhex(expect["data_hex"]))


@pytest.mark.parametrize("case", CASES.of("pm-sps30-uart/shdlc", "reject"))
def test_shdlc_reject(case: dict) -> None:
    with pytest.raises(drivers.BadData):
        shdlc.reply(bytes.fromhex(case["in_hex"]))


@pytest.mark.parametrize("case", CASES.of("pm-sps30-uart/shdlc", "encode"))
def test_shdlc_encode(case: dict) -> None:
    data = bytes.fromhex(case["data_hex"])
    assert shdlc.request(case["cmd"], data, case["addr"]).hex() == case["out_hex"]


def i2c(*pairs: tuple[bytes, bytes]) -> list[Step]:
    steps = []
    for question, answer in pairs:
        steps.append(Step(">", question.hex(), 0x69))
        steps += [Step("<", answer.hex(), 0x69)] if answer else []
    return steps


def sps30(reading: str, status: str = "000081000081") -> drivers.Driver:
    begin = ((asked(0x0104), b""), (asked(0x0010, 0x0300), b""), (asked(0x0202), word(1)))
    rest = (
        (asked(0x0300), bytes.fromhex(reading)),
        (asked(0xD100), word(0x0202)),
        (asked(0xD206), bytes.fromhex(status)),
    )
    return started("sps30", i2c(*begin, *rest))


@pytest.mark.parametrize("case", CASES.of("pm-sps30-i2c/", "decode"))
def test_sps30_decode(case: dict) -> None:
    if case["cmd"] == "d206":
        plain = next(other for other in CASES.all.values() if other.get("cmd") == "0300" and other["kind"] == "decode")
        got = sps30(plain["r"], case["r"]).measure()
        assert set(got.flags.values()) == {drivers.Reason.SENSOR_FAULT}
        assert got.flags.keys() == got.values.keys()
        status = int(case["r"][:4] + case["r"][6:10], 16)
        assert {name for name, bit in FAULT_BITS.items() if status >> bit & 1} == set(case["expect"]["flags"])
    else:
        got = sps30(case["r"]).measure()
        assert got.values == pytest.approx(renamed(case["expect"]), rel=1e-6)
        assert not got.flags


@pytest.mark.parametrize("case", CASES.of("pm-sps30-i2c/", "reject"))
def test_sps30_reject(case: dict) -> None:
    with pytest.raises(drivers.BadData):
        sps30(case["r"]).measure()


@pytest.mark.parametrize("case", CASES.of("sen5x/", "decode"))
def test_sen5x(case: dict) -> None:
    begin = ((asked(0x0104), b""), (asked(0x0021), b""), (asked(0x0202), word(1)))
    rest = ((bytes.fromhex(case["cmd"]), bytes.fromhex(case["r"])), (asked(0xD206), word(0) + word(0)))
    got = started("sen5x", i2c(*begin, *rest)).measure()
    assert got.values == pytest.approx(renamed(case["expect"]))
    assert not got.flags


def test_no_case_is_forgotten() -> None:
    CASES.check(WANTED)


def test_shdlc_survives_every_cut() -> None:
    """An answer full of stuffed bytes, in two pieces cut anywhere, behind the tail of another one."""
    data = bytes.fromhex("7e7d11137d5e7d5d7d317d33")
    whole = shdlc.packed(bytes((0, 3, 0, len(data))) + data)
    for at in range(1, len(whole)):
        steps = [Step(">", shdlc.request(3).hex()), Step("<", whole[at:].hex()), Step("<", whole[:at].hex())]
        steps.append(Step("<", whole[at:].hex()))
        assert shdlc.Line(Replay(steps)).ask(3).data == data
