"""What a recorder wrote, a replay plays: the driver cannot tell the difference."""

import io

import pytest

import drivers
from drivers.sim import SimPort
from drivers.sim.time import VirtualTime
from drivers.trace import Mismatch, Recorder, Replay, Step, parse

NAMES = drivers.names()


class Scripted:
    """Every kind of wire; gives its answers in turn and raises those that are exceptions."""

    lost = 0

    def __init__(self, *answers: object) -> None:
        self._answers = list(answers)
        self.closed = False
        self.waited = 0.0

    def _next(self, *asked: object) -> object:
        answer = self._answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    read = transfer = take = level = write = _next

    def wait(self, seconds: float) -> None:
        self.waited += seconds

    def close(self) -> None:
        self.closed = True


def failed(number: int) -> drivers.BusError:
    error = drivers.BusError("gone")
    error.__cause__ = OSError(number, "gone")
    return error


def outcome(call, *given: object) -> object:
    try:
        return call(*given)
    except drivers.BusError:
        return "BusError"


CONVERSATIONS = {
    "stream": (
        [None, b"BM\x00", b"", b"\x1c", failed(5), failed(5)],
        [("write", b"\x42\x4d"), ("read", 256), ("read", 256), ("read", 1), ("read", 256), ("write", b"\x01")],
    ),
    "i2c": (
        [b"", b"\x66\x66\x93", failed(121), b"\x01\x02", failed(6)],
        [
            ("transfer", 0x44, b"\x24\x00", 0),
            ("transfer", 0x44, b"", 3),
            ("transfer", 0x44, b"\x24\x00", 0),
            ("transfer", 0x63, b"R", 2, 0.9),
            ("transfer", 0x63, b"", 32),
        ],
    ),
    "pin": ([True, False, failed(19)], [("level",)] * 3),
    "pulses": ([(35, 5.0), (0, 10.123456), failed(19)], [("take",)] * 3),
    "files": (
        ['50 05 : crc=1c YES\n"quoted" \\ µ\n', "", failed(2)],
        [("read", "w1_slave"), ("read", "temperature"), ("read", "w1_slave")],
    ),
}


@pytest.mark.parametrize("wire", CONVERSATIONS)
def test_round_trip_of_a_wire(wire: str) -> None:
    answers, questions = CONVERSATIONS[wire]
    out = io.StringIO()
    recorder = Recorder(Scripted(*answers), out)
    first = [outcome(getattr(recorder, name), *given) for name, *given in questions]
    replay = Replay(parse(out.getvalue()))
    again = [outcome(getattr(replay, name), *given) for name, *given in questions]
    assert again == first
    assert replay.ended


def rounds(driver: drivers.Driver, port: SimPort | None) -> list[object]:
    """Good, silent, good, garbage, unplugged; the same questions without a port that can be hurt."""
    results: list[object] = []
    driver.start()
    for fault in (None, "silent", None, "garbage", "unplug"):
        if port and fault:
            port.faults.hurt(fault)
        elif port:
            port.faults.heal()
        for _ in range(2):
            driver.bus.wait(10)
            try:
                got = driver.sample()
                results.append((dict(got.values), dict(got.flags)))
            except drivers.DriverError as error:
                results.append(type(error).__name__)
    return results


@pytest.mark.parametrize("name", NAMES)
def test_round_trip_of_a_driver(name: str) -> None:
    port, out = SimPort(name, "sim://", VirtualTime()), io.StringIO()
    kind = drivers.load(name)
    recorded = rounds(kind(Recorder(port.open(), out), **kind.example), port)
    replay = Replay(parse(out.getvalue()))
    played = rounds(kind(replay, **kind.example), None)
    assert replay.ended
    assert "BusError" in recorded
    assert [type(result) for result in played] == [type(result) for result in recorded]
    for one, other in zip(played, recorded, strict=True):
        assert one == other if isinstance(one, str) else one[0] == pytest.approx(other[0])
        assert isinstance(one, str) or one[1] == other[1]


def test_a_recorder_hands_waiting_and_closing_through() -> None:
    bus = Scripted()
    recorder = Recorder(bus, io.StringIO())
    recorder.wait(1.5)
    recorder.close()
    assert (bus.waited, bus.closed) == (1.5, True)


def test_replay_insists_on_what_was_sent() -> None:
    with pytest.raises(Mismatch, match="recorded 42"):
        Replay(parse("> 42")).write(b"\x43")
    with pytest.raises(Mismatch, match="to 45"):
        Replay(parse("44 > 24 00")).transfer(0x45, b"\x24\x00", 0)
    with pytest.raises(Mismatch, match="wants"):
        Replay(parse("< 42")).write(b"\x42")
    with pytest.raises(Mismatch, match="w1_slave"):
        Replay(parse('= w1_slave ""')).read("temperature")


def test_a_write_may_be_recorded_in_pieces() -> None:
    replay = Replay(parse("> 42 4d\n> e4"))
    replay.write(b"\x42\x4d\xe4")
    assert replay.ended


def test_a_trace_at_its_end_is_silence_or_a_dead_bus() -> None:
    replay = Replay(parse("< 01 02"))
    assert (replay.read(1), replay.ended, replay.read(9), replay.ended, replay.read(9)) == (
        b"\1",
        False,
        b"\2",
        True,
        b"",
    )
    with pytest.raises(drivers.BusError, match="end"):
        replay.take()


def test_parse() -> None:
    text = "# a remark\n\n  44 > 24 00\n44 ! error 121\n! timeout\n+ 3 5.0\n"
    assert parse(text) == [
        Step(">", "24 00", 0x44),
        Step("!", "error 121", 0x44),
        Step("!", "timeout"),
        Step("+", "3 5.0"),
    ]


@pytest.mark.parametrize("line", ["hello", "zz > 01", "44 ? 01", "44"])
def test_parse_names_the_line_that_is_none(line: str) -> None:
    with pytest.raises(ValueError, match="line 2"):
        parse(f"# fine\n{line}\n")
