"""Third-party captures of Modbus and serial meters, read in place: every case of the folders below.

They are other people's data and stay out of the repository (EDGE_CAPTURES or ../shared/captures). A case that is
neither run nor named in ``NOT_OURS`` makes this fail.
"""

import struct
from collections.abc import Iterator

import pytest

import drivers
from drivers.checks import crc16_modbus
from drivers.flow import tuf2000m
from drivers.flow.cjt188_frames import FRAME, parsed, request
from drivers.modbus import ORDERS, Modbus, number
from drivers.trace import Replay, Step
from tests.captured import Cases, files, require

WANTED = ("senseair-s8", "noise-modbus", "tuf2000m", "yosemitech", "keller-level", "cjt188", "modbus-rtu")
WRONG_UNIT = "011000360001020063e3ef"
NOT_OURS = {
    "4d657373616765466f72456d707479526573706f6e7365": "no frame that a master sends",
    "544553544d45535341474533": "no frame that a master sends",
}
KINDS = {"float": "f32", "int32": "i32", "uint32": "u32", "bcd": "bcd16"}
TIMEOUT = Step("!", "timeout")

require()


def found() -> Iterator[tuple[str, dict]]:
    for file, about in files(WANTED):
        for number_, case in enumerate(listed(about)):
            yield f"{file}:{case.get('id', number_)}", {"folder": file.partition("/")[0]} | case


def listed(about: dict) -> list[dict]:
    """The cases of a file, whichever of the three shapes it has."""
    if "rtu" in about:
        return [{"kind": "feed"} | about]
    good = [{"kind": "pair"} | pair for pair in about.get("good", [])]
    return (
        about.get("cases", []) + good + [{"kind": "reject pair"} | pair for pair in about.get("must_reject_pairs", [])]
    )


CASES = Cases(found(), lambda case: case.get("req") in NOT_OURS)


class Sent:
    """A stream that answers every question as told and keeps what was sent."""

    def __init__(self, *answers: str) -> None:
        self.sent: list[str] = []
        self._answers = [bytes.fromhex(answer) for answer in answers]
        self._waiting = b""

    def wait(self, seconds: float) -> None: ...

    def close(self) -> None: ...

    def write(self, data: bytes) -> None:
        self.sent.append(data.hex())
        self._waiting += self._answers.pop(0) if self._answers else b""

    def read(self, size: int) -> bytes:
        data, self._waiting = self._waiting, b""
        return data


def pair(case: dict) -> Replay:
    return Replay([Step(">", case["req"]), Step("<", case["resp"])])


def sampled(name: str, bus: Replay | Sent, **options: object) -> dict[str, float]:
    driver = drivers.load(name)(bus, **options)
    driver.start()
    return dict(driver.sample().values)


@pytest.mark.parametrize("case", CASES.of("senseair-s8", "encode"))
def test_senseair(case: dict) -> None:
    bus = Sent(framed("fe030200b4"), "fe06001f0000ac03", framed("fe04080000000000000258"))
    assert sampled("senseair_s8", bus, abc=0.0) == {"co2": 600}
    assert case["out_hex"] in bus.sent


@pytest.mark.parametrize("case", CASES.of("noise-modbus", "read"))
def test_noise(case: dict) -> None:
    assert sampled("noise", pair(case)) == {"sound_level": pytest.approx(case["expect"]["db"])}


@pytest.mark.parametrize("case", CASES.of("keller-level", "read"))
def test_keller(case: dict) -> None:
    bus = Sent(case["resp"], framed("01030441200000"))
    values = sampled("keller", bus)
    assert bus.sent[0] == case["req"]
    assert values["pressure_water"] == pytest.approx(case["expect"]["p1_bar"] * 1000, rel=1e-6)


@pytest.mark.parametrize("case", CASES.of("yosemitech", "encode"))
def test_yosemitech_start(case: dict) -> None:
    bus = Sent(framed("010300"), framed("01030a" + "00" * 10))
    sampled("yosemitech", bus, model="y511")
    assert bus.sent[0] == case["out_hex"]


@pytest.mark.parametrize("case", CASES.of("yosemitech", "read"))
def test_yosemitech(case: dict) -> None:
    measured = drivers.load("yosemitech")(pair(case), start=False).sample()
    expect = case["expect"]
    assert dict(measured.values) == {"water_temperature": expect["temp_c"], "turbidity": expect["turb_ntu"]}
    assert bool(measured.flags) == bool(expect["error"])


@pytest.mark.parametrize("case", CASES.of("tuf2000m", "encode"))
def test_tuf_request(case: dict) -> None:
    ascii_mode = "out_ascii" in case
    sent = Modbus(Sent(), 1, ascii_mode=ascii_mode).framed(struct.pack(">BHH", 3, 0, 10))
    assert sent == (case["out_ascii"].encode() if ascii_mode else bytes.fromhex(case["out_hex"]))


@pytest.mark.parametrize("case", CASES.of("tuf2000m", "feed"))
def test_tuf_feed(case: dict) -> None:
    """The live meter's registers; how its totals are scaled was not recorded, so a count is taken as a m3 and a kWh."""
    expect, answers = case["expect"], [item["response_hex"] for item in case["rtu"]]
    bus = Sent(framed("01030a" + "00000000000300040002"), *answers)
    driver = drivers.load("tuf2000m")(bus)
    measured = driver.sample()
    assert bus.sent[1:] == [item["request_hex"] for item in case["rtu"]]
    data = bytes.fromhex(answers[0][6:-4] + answers[1][6:-4])
    energies = (expect["pos_energy"] + tuf2000m.at(data, 19), expect["neg_energy"] + tuf2000m.at(data, 23))
    assert dict(measured.values) == pytest.approx(
        {
            "flow": expect["flow_m3h"],
            "speed_flow": expect["velocity_ms"],
            "speed_sound": expect["sound_speed_ms"],
            "power": expect["energy_flow_gjh"] / 3.6 * 1000,
            "temperature_supply": expect["t_inlet_c"],
            "temperature_return": expect["t_outlet_c"],
            "volume_positive": expect["pos_acc"] + expect["pos_frac"],
            "volume_negative": expect["neg_acc"] + expect["neg_frac"],
            "energy_positive": energies[0],
            "energy_negative": energies[1],
        }
    )
    assert expect["error_code"] == 4
    assert measured.flags == dict.fromkeys(("flow", "power", "speed_flow", "speed_sound"), drivers.Reason.INCONSISTENT)


@pytest.mark.parametrize("case", CASES.of("cjt188", "encode"))
def test_cjt188_request(case: dict) -> None:
    meter = bytes.fromhex(case["addr"])[::-1].hex()
    order = "2018" if case["di_order"] == "LE" else "2004"
    assert request(int(case["meter_type"], 16), meter, order, case["ser"]).hex() == case["out_hex"]


@pytest.mark.parametrize("case", CASES.of("cjt188", "reject"))
def test_cjt188_reject(case: dict) -> None:
    with pytest.raises(drivers.BadData):
        sampled("cjt188", Sent(case["in_hex"]), meter="78330011223344")


@pytest.mark.parametrize("case", CASES.of("cjt188", "decode"))
def test_cjt188(case: dict) -> None:
    """Date and vendor's status bits stay in the frame: the driver has no clock, and names only two of the bits."""
    expect, frame = case["expect"], bytes.fromhex(case["in_hex"].lstrip("fe"))
    meter = expect["vendor"] + expect["meter_no"]
    values = sampled("cjt188", Sent(case["in_hex"]), meter=meter)
    assert values == {"volume": expect["total"], "volume_settled": expect["settle"]}
    answer = parsed(frame)
    assert FRAME.valid(frame) and answer is not None
    assert (answer.meter, answer.kind, answer.data[-2:].hex()) == (meter, 0x10, expect["status"])
    assert (expect["total_unit"], expect["settle_unit"], expect["meter_type"]) == ("m3", "m3", "cold water")


def question(case: dict) -> tuple[int, bytes, bytes, int]:
    """Unit, PDU, and what the answer must begin with and be long, for any of the functions 1 to 6, 15 and 16."""
    frame = bytes.fromhex(case["req"])
    unit, pdu = frame[0], frame[1:-2]
    if pdu[0] in (5, 6):
        return unit, pdu, pdu, 5
    if pdu[0] in (15, 16):
        return unit, pdu, pdu[:5], 5
    count = int.from_bytes(pdu[3:5], "big")
    size = -(-count // 8) if pdu[0] in (1, 2) else 2 * count
    return unit, pdu, bytes((pdu[0], size & 0xFF)), 2 + size


def asked(case: dict) -> bytes:
    unit, pdu, head, size = question(case)
    return Modbus(pair(case), unit).ask(pdu, head, size)


@pytest.mark.parametrize("case", CASES.of("modbus-rtu", "pair"))
def test_pair(case: dict) -> None:
    if case["req"] == WRONG_UNIT:  # listed as good, but unit 2 answers for unit 1
        with pytest.raises(drivers.BadData):
            asked(case)
    else:
        assert asked(case).hex() == case["resp"][2:-4]


@pytest.mark.parametrize("case", CASES.of("modbus-rtu", "reject pair"))
def test_reject_pair(case: dict) -> None:
    with pytest.raises(drivers.BadData):
        asked(case)


@pytest.mark.parametrize("case", CASES.of("modbus-rtu", "convert"))
def test_convert(case: dict) -> None:
    data = struct.pack(f">{len(case['registers'])}H", *case["registers"])
    assert case.get("order", "ABCD") in ORDERS
    assert number(data, KINDS[case["type"]], case.get("order", "ABCD")) == pytest.approx(case["expect"], rel=1e-6)


def framed(text: str) -> str:
    data = bytes.fromhex(text)
    return (data + struct.pack("<H", crc16_modbus(data))).hex()


def test_no_case_is_forgotten() -> None:
    CASES.check(WANTED)
    assert len(CASES.left) == len(NOT_OURS)
