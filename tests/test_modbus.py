"""The Modbus master against pymodbus over a pseudo-terminal, and several devices on one line in virtual time."""

import asyncio
import logging
import os
import pty
import random
import select
import struct
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.client.mixin import ModbusClientMixin
from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

import drivers
from drivers.checks import crc16_modbus, lrc
from drivers.generic.registers import Register, blocks, rows
from drivers.modbus import ORDERS, UNITS, WORDS, Modbus, number
from drivers.plug import Share
from drivers.ports import SerialPort
from drivers.sim.faults import Faults
from drivers.sim.modbus import SimLine, Slave
from drivers.sim.time import VirtualTime
from drivers.trace import Replay, parse
from edge.clock import Clock
from edge.filters import Chain
from edge.sensing.build import by_bus
from edge.sensing.device import Device, Health
from edge.settings import SensorSettings

VALUES = {
    "u16": (0, 1, 51234, 0xFFFF),
    "i16": (0, -1, -32768, 32767),
    "u32": (0, 305419896, 0xFFFFFFFF),
    "i32": (-56, -(1 << 31), 123456789),
    "u64": (0, 0x0123456789ABCDEF, (1 << 64) - 1),
    "i64": (-1, -(1 << 63), 42),
    "f32": (0.0, -0.5, 22.71875, 3.0e38),
    "f64": (0.0, -8.15e-7, 1.7e308),
}
TYPES = {"u": "UINT", "i": "INT", "f": "FLOAT"}
CASES = [(kind, order, value) for kind, values in VALUES.items() for order in ORDERS for value in values]
SILENT_UNIT = 9


def words(kind: str, order: str, value: float) -> list[int]:
    """The registers as pymodbus writes them; it knows the order of words, not that of bytes."""
    datatype = ModbusClientMixin.DATATYPE[TYPES[kind[0]] + kind[1:]]
    little = "little" if order in ("CDAB", "DCBA") else "big"
    registers = ModbusClientMixin.convert_to_registers(value, datatype, word_order=little)
    return [(word << 8 | word >> 8) & 0xFFFF for word in registers] if order in ("BADC", "DCBA") else registers


TABLE = [word for case in CASES for word in words(*case)]
STARTS = {case: sum(WORDS[kind] for kind, _, _ in CASES[:at]) for at, case in enumerate(CASES)}


class Wire:
    """Two pseudo-terminals and the copper between them, which ends before unit 9.

    ``echo`` gives back what the master says.
    """

    def __init__(self) -> None:
        self.echo = False
        self._ends = [pty.openpty(), pty.openpty()]
        for _, slave in self._ends:
            tty.setraw(slave)
        self.master, self.device = (os.ttyname(slave) for _, slave in self._ends)
        self._stop, self._stopped = os.pipe()
        self._thread = threading.Thread(target=self._pump, daemon=True)
        self._thread.start()

    def _pump(self) -> None:
        near, far = self._ends[0][0], self._ends[1][0]
        while True:
            ready, _, _ = select.select([near, far, self._stop], [], [])
            if self._stop in ready:
                return
            for end in ready:
                with suppress(OSError):
                    data = os.read(end, 1024)
                    if end == far or data[0] != SILENT_UNIT:
                        os.write(far if end == near else near, data)
                    if self.echo and end == near:
                        os.write(near, data)

    def close(self) -> None:
        os.write(self._stopped, b"x")
        self._thread.join(5)
        for end in (*self._ends[0], *self._ends[1], self._stop, self._stopped):
            os.close(end)


async def refuse(function: int, start: int, address: int, count: int, now: list, given: list | None) -> ExcCodes:
    """Unit 2 answers every read with the exception that its register number names."""
    return ExcCodes(address)


class Oracle:
    """A pymodbus server at the far end, in a loop of its own."""

    def __init__(self, path: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._serve(path), self._loop).result(10)

    async def _serve(self, path: str) -> None:
        good = SimDevice(1, simdata=[SimData(0, values=TABLE, datatype=DataType.REGISTERS)])
        bad = SimDevice(2, simdata=[SimData(0, count=16, values=0, datatype=DataType.REGISTERS)], action=refuse)
        self._server = ModbusSerialServer([good, bad], port=path, baudrate=9600)
        await self._server.serve_forever(background=True)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._server.shutdown(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


@pytest.fixture(scope="module")
def line() -> Iterator[Wire]:
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    wire = Wire()
    oracle = Oracle(wire.device)
    yield wire
    oracle.close()
    wire.close()


@pytest.fixture(params=[False, True], ids=["plain", "echo"])
def port(line: Wire, request: pytest.FixtureRequest) -> Iterator[SerialPort]:
    line.echo = request.param
    port = SerialPort(line.master, 9600)
    yield port
    port.close()
    line.echo = False


# Against pymodbus


def test_all_types_and_orders(port: SerialPort) -> None:
    modbus = Modbus(port, 1)
    for case in CASES:
        kind, order, value = case
        got = number(modbus.read(STARTS[case], WORDS[kind]), kind, order)
        assert got == (pytest.approx(value, rel=1e-6) if kind == "f32" else value), case


def test_input_registers_and_long_blocks(port: SerialPort) -> None:
    data = Modbus(port, 1).read(0, 125, 4)
    assert list(struct.unpack(">125H", data)) == TABLE[:125]


def test_writes(port: SerialPort) -> None:
    modbus = Modbus(port, 1)
    old = modbus.read(0, 3)
    modbus.write(0, 0xCAFE)
    modbus.write_many(1, b"\x01\x02\x03\x04")
    assert modbus.read(0, 3) == bytes.fromhex("cafe01020304")
    modbus.write_many(0, old)
    assert modbus.read(0, 3) == old


def test_exceptions_by_name(port: SerialPort) -> None:
    with pytest.raises(drivers.BadData, match="exception 2: illegal data address"):
        Modbus(port, 1).read(len(TABLE), 1)
    modbus = Modbus(port, 2)
    for code, name in ((1, "illegal function"), (2, "illegal data address"), (3, "illegal data value"), (4, "failure")):
        with pytest.raises(drivers.BadData, match=f"unit 2 answers exception {code}: .*{name}"):
            modbus.read(code, 1)
    with pytest.raises(drivers.NoData, match="exception 6: device busy"):
        modbus.read(6, 1)


def test_silence(port: SerialPort) -> None:
    with pytest.raises(drivers.NoData, match="unit 9 does not answer"):
        Modbus(port, SILENT_UNIT).read(0, 1)
    assert len(Modbus(port, 1).read(0, 1)) == 2


def test_a_driver_over_pymodbus(port: SerialPort) -> None:
    table = [
        {
            "register": STARTS["i16", "ABCD", -32768],
            "quantity": "temperature",
            "unit": "Cel",
            "type": "i16",
            "scale": 0.001,
        },
        {"register": STARTS["f32", "DCBA", 22.71875], "quantity": "level", "unit": "m", "type": "f32", "order": "DCBA"},
    ]
    driver = drivers.load("modbus_map")(port, address=1, registers=table)
    assert driver.sample().values == {"temperature": -32.768, "level": 22.71875}


def test_a_dead_and_a_living_unit_on_one_real_port(line: Wire) -> None:
    devices = {}
    for unit in (1, SILENT_UNIT):
        settings = SensorSettings(f"n{unit}", "noise", line.master, None, unit, 0.5, {"register": 1}, (), "port")
        plug = drivers.plug("noise", line.master)
        devices[unit] = Device(settings, drivers.load("noise"), plug, Chain([]), Clock())
    pause = threading.Event()
    while devices[1].counts.good < 4:
        device = min(devices.values(), key=lambda device: device.due)
        pause.wait(max(0.0, device.due - time.monotonic()))
        device.step()
    assert [devices[unit].counts.opened for unit in devices] == [1, 1]
    assert devices[SILENT_UNIT].counts.good == 0
    for device in devices.values():
        device.close()


# The master by itself


def framed(text: str) -> str:
    data = bytes.fromhex(text)
    return (data + struct.pack("<H", crc16_modbus(data))).hex(" ")


QUESTION = "> " + framed("010300000001")


def replayed(*steps: str) -> Modbus:
    return Modbus(Replay(parse("\n".join(steps))), 1)


@pytest.mark.parametrize(
    "heard",
    [
        framed("0203021234"),  # another unit
        framed("0104021234"),  # another function
        framed("01030412345678"),  # another number of registers
        framed("0103021234")[:-1] + "0",  # a wrong check sum
        framed("0103021234")[:-3],  # torn
        framed("018302")[:-1] + "1",  # an exception with a wrong check sum
    ],
)
def test_refuses_what_is_no_answer(heard: str) -> None:
    with pytest.raises(drivers.BadData):
        replayed(QUESTION, f"< {heard}", "! timeout", "! timeout").read(0, 1)


@pytest.mark.parametrize("before", ["00", "ff 00 01", "01 03", framed("0203021111"), framed("010300000001")])
def test_finds_the_answer_behind_something_else(before: str) -> None:
    assert replayed(QUESTION, f"< {before}", f"< {framed('0103021234')}").read(0, 1) == b"\x12\x34"


def test_a_late_answer_is_not_taken_for_the_next() -> None:
    late, right = framed("0103021111"), framed("0103022222")
    modbus = replayed(QUESTION, "! timeout", "! timeout", f"< {late}", "! timeout", QUESTION, f"< {right}")
    with pytest.raises(drivers.NoData):
        modbus.read(0, 1)
    assert modbus.read(0, 1) == b"\x22\x22"


def test_a_busy_device_is_asked_again() -> None:
    with pytest.raises(drivers.NoData, match="busy"):
        replayed(QUESTION, f"< {framed('018306')}").read(0, 1)


def test_an_echo_is_no_acknowledgement() -> None:
    write = framed("010600050001")
    steps = [QUESTION, f"< {QUESTION[2:]} {framed('0103021234')}", f"> {write}", f"< {write}", "! timeout", "! timeout"]
    modbus = replayed(*steps)
    modbus.read(0, 1)
    with pytest.raises(drivers.NoData):
        modbus.write(5, 1)


def test_a_line_that_is_never_silent() -> None:
    class Babble:
        def wait(self, seconds: float) -> None: ...
        def close(self) -> None: ...
        def write(self, data: bytes) -> None: ...
        def read(self, size: int) -> bytes:
            return b"\x55" * size

    modbus = Modbus(Babble(), 1)
    for _ in range(2):
        with pytest.raises(drivers.BadData):
            modbus.read(0, 1)


@pytest.mark.parametrize(("frame", "crc"), [("fe0400000004", 0xC6E5), ("010300000001", 0x0A84), ("", 0xFFFF)])
def test_crc(frame: str, crc: int) -> None:
    assert crc16_modbus(bytes.fromhex(frame)) == crc


@given(st.binary(max_size=300))
def test_sums_come_out_at_zero(data: bytes) -> None:
    assert crc16_modbus(data + struct.pack("<H", crc16_modbus(data))) == 0
    assert (sum(data) + lrc(data)) & 0xFF == 0


@given(st.data())
def test_a_changed_answer_is_never_believed(data: st.DataObject) -> None:
    """Up to three bits turned over anywhere: CRC-16 finds all of them in frames of this length."""
    answer = bytearray.fromhex(framed("010308000102030405060f"))
    for bit in data.draw(st.sets(st.integers(0, 8 * len(answer) - 1), min_size=1, max_size=3)):
        answer[bit // 8] ^= 1 << bit % 8
    modbus = replayed("> " + framed("010300000004"), f"< {answer.hex(' ')}", "! timeout", "! timeout")
    with pytest.raises(drivers.DriverError):
        modbus.read(0, 4)


@pytest.mark.parametrize("seed", range(200))
def test_noise_around_an_answer_changes_no_value(seed: int) -> None:
    rng = random.Random(seed)
    answer = bytes.fromhex(framed("010304deadbeef"))
    heard = rng.randbytes(rng.randrange(6)) + answer + rng.randbytes(rng.randrange(6))
    cuts = sorted(rng.sample(range(1, len(heard)), min(3, len(heard) - 1)))
    pieces = [heard[a:b] for a, b in zip([0, *cuts], [*cuts, len(heard)], strict=True)]
    steps = [f"< {piece.hex(' ')}" for piece in pieces]
    modbus = replayed("> " + framed("010300000002"), *steps, "! timeout", "! timeout")
    assert modbus.read(0, 2) == bytes.fromhex("deadbeef")


def test_bcd() -> None:
    assert number(b"\x12\x34", "bcd16") == 1234
    assert number(b"\x56\x78\x12\x34", "bcd32", "CDAB") == 12345678
    with pytest.raises(drivers.BadData):
        number(b"\x12\x3a", "bcd16")


# Maps of registers

LEVEL = {"register": 0, "quantity": "level", "unit": "m"}


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ({**LEVEL, "unit": "ft"}, "not measured in 'ft'"),
        ({**LEVEL, "quantity": "depth"}, "no quantity is called 'depth'"),
        ({**LEVEL, "type": "u24"}, "'type' cannot be 'u24'"),
        ({**LEVEL, "order": "big"}, "'order' cannot be 'big'"),
        ({**LEVEL, "function": 5}, "'function' cannot be 5"),
        ({**LEVEL, "register": 65535, "type": "f32"}, "outside 0..65535"),
        ({**LEVEL, "colour": "red"}, "unknown key 'colour'"),
        ({**LEVEL, "mask": 1}, "either a 'quantity' or"),
        ({"register": 0}, "either a 'quantity' or"),
        ({"quantity": "level", "unit": "m"}, "'register'"),
        ({"register": 0, "mask": 1, "type": "f32"}, "unsigned"),
        ({**LEVEL, "register": "0"}, "'register'"),
        ({**LEVEL, "scale": "big"}, "'scale'"),
    ],
)
def test_rows_that_make_no_sense(row: dict, what: str) -> None:
    with pytest.raises(ValueError, match=what) as caught:
        rows([LEVEL | {"register": 7, "quantity": "level_two"}, row])
    assert "row 2 of 'registers'" in str(caught.value)


@pytest.mark.parametrize("given", [None, [], 5, [5], [LEVEL, LEVEL], [{"register": 0, "mask": 1}], "[]", "no json"])
def test_maps_that_make_no_sense(given: object) -> None:
    with pytest.raises(ValueError):
        rows(given)


def test_neighbours_are_read_together() -> None:
    table = [
        Register(at, f"level_{at}", "m", type=kind) for at, kind in ((0, "u16"), (1, "f32"), (3, "u16"), (5, "u16"))
    ]
    assert [[row.register for row in block] for block in blocks(table, 32)] == [[0, 1, 3], [5]]
    assert [[row.register for row in block] for block in blocks(table, 3)] == [[0, 1], [3], [5]]


def test_the_quantities_follow_the_options() -> None:
    kind = drivers.load("modbus_map")
    assert [quantity.name for quantity in kind.measured({"registers": [LEVEL]})] == ["level"]
    assert [quantity.name for quantity in kind.measures] == ["level", "temperature"]
    probe = drivers.load("yosemitech")
    assert [quantity.name for quantity in probe.measured({"model": "y504"})] == [
        "water_temperature",
        "oxygen_saturation",
        "dissolved_oxygen",
    ]
    assert drivers.load("sht3x").measured({}) == drivers.load("sht3x").measures


# Several devices on one line, in virtual time


class Bench:
    """Devices on one simulated line, as a sampler steps them; ``asked`` are the moments a unit was asked."""

    def __init__(self, *units: int, interval: float = 1.0) -> None:
        self.time = VirtualTime()
        self.faults = Faults(self.time)
        self.opened: list[Line] = []
        self.asked: dict[int, list[float]] = {unit: [] for unit in units}
        self.devices = {unit: self._device(unit, interval) for unit in units}

    def _device(self, unit: int, interval: float) -> Device:
        settings = SensorSettings(f"n{unit}", "noise", "/dev/ttyX", None, unit, interval, {}, (), "port")
        return Device(settings, drivers.load("noise"), self, Chain([]), Clock(), now=self.time.now)

    def open(self) -> Share:
        """As the plug of each device."""
        return Share(f"/dev/tty{id(self)}", 9600, lambda: Line(self))

    def run(self, seconds: float) -> dict[int, list]:
        out: dict[int, list] = {unit: [] for unit in self.devices}
        end = self.time.now() + seconds
        while self.time.now() < end:
            unit, device = min(self.devices.items(), key=lambda item: item[1].due)
            self.time.wait(max(0.0, min(device.due, end) - self.time.now()))
            if device.due <= self.time.now():
                self.time.wait(0.001)
                out[unit] += device.step()
        return out


class Line(SimLine):
    """Only unit 1 answers."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench.time, bench.faults, Slave(lambda function, at: {0: 600}))
        self._bench, self.closed = bench, False
        bench.opened.append(self)

    def write(self, data: bytes) -> None:
        self._bench.asked[data[0]].append(self._bench.time.now())
        super().write(data)

    def close(self) -> None:
        self.closed = True


def values(readings: list) -> int:
    return sum(reading.value is not None for reading in readings)


def test_a_dead_unit_leaves_the_living_its_period() -> None:
    bench = Bench(1, 2)
    got = bench.run(300)
    assert values(got[1]) == pytest.approx(300, abs=2)
    assert values(got[2]) == 0 and got[2]
    assert (bench.devices[1].health, bench.devices[2].health) == (Health.OK, Health.ILL)
    late = [at for at in bench.asked[2] if at > 60]
    assert 0 < len(late) <= 8
    assert len(bench.opened) == 1


def test_many_dead_units_are_asked_less_and_less() -> None:
    bench = Bench(1, *range(2, 10))
    bench.run(120)
    assert values(bench.run(120)[1]) >= 100


def test_a_unit_that_comes_back_is_well_again() -> None:
    bench = Bench(1)
    bench.faults.hurt("silent", 100)
    bench.run(100)
    assert bench.devices[1].health is Health.ILL
    assert values(bench.run(60)[1]) >= 28
    assert bench.devices[1].health is Health.OK


def test_one_lost_answer_is_asked_for_at_once() -> None:
    bench = Bench(1, interval=60.0)
    bench.faults.hurt("silent", 0.3)
    assert values(bench.run(10)[1]) == 1
    assert values(bench.run(120)[1]) == 2


def test_a_failed_port_is_opened_anew_for_all() -> None:
    bench = Bench(1, 2)
    bench.run(20)
    bench.faults.hurt("unplug", 0.5)
    assert values(bench.run(60)[1]) >= 57
    assert [line.closed for line in bench.opened][-1] is False
    assert all(line.closed for line in bench.opened[:-1]) and len(bench.opened) >= 2


def test_the_last_one_closes_the_port() -> None:
    bench = Bench(1, 2)
    bench.run(5)
    for unit, closed in ((1, False), (2, True), (2, True)):
        bench.devices[unit].close()
        assert bench.opened[0].closed is closed
    bench.run(5)
    assert len(bench.opened) == 2


def test_two_names_of_a_port_are_one_line(tmp_path: Path) -> None:
    bench = Bench(1)
    (tmp_path / "tty").touch()
    (tmp_path / "by-id").symlink_to(tmp_path / "tty")
    shares = [Share(str(tmp_path / name), 9600, lambda: Line(bench)) for name in ("tty", "by-id")]
    assert len(bench.opened) == 1
    for share in shares:
        share.close()
    with pytest.raises(drivers.BusError):
        shares[0].read(1)


def test_devices_of_one_line_share_a_thread() -> None:
    bench = Bench(1, 2)
    assert [len(devices) for devices in by_bus(list(bench.devices.values())).values()] == [2]


def test_every_modbus_driver_can_share() -> None:
    for name in ("keller", "modbus_map", "noise", "tuf2000m", "yosemitech"):
        wire = drivers.load(name).wire
        assert wire.shared and wire.addresses == UNITS
    assert drivers.load("senseair_s8").wire.addresses[0] == 254
    assert not drivers.load("pms5003").wire.shared
