"""``edge demo``: a whole run with a cut and a kill, and the parts that prove that nothing was lost."""

import json
import socket
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from drivers import Reason
from edge.cli import main
from edge.cli.demo import station
from edge.cli.demo.history import SPAN, History
from edge.cli.demo.link import Link
from edge.cli.demo.proof import on_card, prove, told
from edge.cli.demo.receiver import Inbox, Record, decode
from edge.cli.demo.wall import SteppedWall
from edge.clock import Anchor, Clock, Stamp
from edge.outbox.outbox import Outbox
from edge.payload.senml import SenML
from edge.reading import GOOD, MISSING, UNSTORED, Batch, Reading
from edge.settings import load

BOOT = "0f3c"
SECOND = 1_000_000_000


def reading(value: float | None = 1.5, ticks: int = SECOND, **more: Any) -> Reading:
    return Reading("air", "temperature", value, "Cel", Stamp(BOOT, ticks), **more)


def record(seq: int, value: float | None = 1.5, **more: Any) -> Record:
    given = {"unit": "Cel", "raw": None, "reasons": (), "boot": BOOT, "time": 1.0, **more}
    return Record(seq, "air/temperature", value, **given)


def test_a_cut_and_a_kill_lose_nothing() -> None:
    pytest.importorskip("amqtt")
    command = [sys.executable, "-m", "edge", "demo", "--headless", "--json", "--seconds", "6.5"]
    done = subprocess.run(
        [*command, "--cut-link", "4:4.6", "--kill", "5.2"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["taken"] == answer["received"] > 0
    assert (answer["missing"], answer["conflicting"], answer["unknown"], answer["garbled"]) == (0, 0, 0, 0)
    assert (answer["kills"], answer["cuts"]) == (1, 1)
    assert answer["sensors"].keys() == {name for name, *_ in station.SENSORS}
    assert "the link is cut" in done.stderr and "killed" in done.stderr


def test_no_broker_there_is_69(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and not listening
        port = taken.getsockname()[1]
        assert main(["demo", "--headless", "--broker", f"127.0.0.1:{port}"]) == 69
    assert f"127.0.0.1:{port}" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--cut-link", "9:3"], ["--cut-link", "x"], ["--broker", "1883"], ["--kill", "now"]])
def test_wrong_words_are_64(words: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["demo", *words])
    assert end.value.code == 64


def test_the_station_is_a_valid_configuration(tmp_path: Path) -> None:
    station.write(tmp_path / "edge.toml", "demo-1", 41883)
    settings = load(tmp_path / "edge.toml")
    assert [sensor.name for sensor in settings.sensors] == [name for name, *_ in station.SENSORS]
    assert settings.uplinks[0].port == 41883


def clock(*anchors: Anchor) -> Clock:
    """A clock that knows these anchors and no more."""
    return Clock(boot="another boot", anchors=anchors)


@pytest.mark.parametrize("deflated", [False, True])
def test_what_the_node_sends_is_decoded(deflated: bool) -> None:
    bad = GOOD.flagged(Reason.OUT_OF_RANGE)
    readings = [(7, reading(20.0)), (8, reading(None, quality=MISSING)), (11, reading(900.0, 3 * SECOND, quality=bad))]
    pack = SenML().encode(Batch("n", readings, "live"), clock())
    records = list(decode(zlib.compress(pack) if deflated else pack))
    assert [item.seq for item in records] == [7, 8, 11]
    assert [(item.value, item.raw) for item in records] == [(20.0, None), (None, None), (None, 900.0)]
    assert [item.reasons for item in records] == [(), ("comm_error",), ("out_of_range",)]
    assert {item.boot for item in records} == {BOOT}
    assert [item.time for item in records] == [1.0, 1.0, 3.0]


def test_copies_without_a_seq_are_passed_over() -> None:
    assert list(decode(SenML().encode(Batch("n", [(0, reading())], UNSTORED), clock()))) == []


def test_a_dated_repeat_is_the_same_reading() -> None:
    batch = Batch("n", [(1, reading()), (2, reading(2.5, 2 * SECOND))], "live")
    undated = list(decode(SenML().encode(batch, clock())))
    dated = list(decode(SenML().encode(batch, clock(Anchor(BOOT, 0, 1_800_000_000 * SECOND, "ntp", 0.01)))))
    assert [item.time for item in dated] == [1_800_000_001.0, 1_800_000_002.0]
    assert all(one.same(other) for one, other in zip(undated, dated, strict=True))


@pytest.mark.parametrize("other", [record(1, 1.6), record(1, time=2.0), record(1, reasons=("stuck",)), record(1, None)])
def test_another_content_for_a_seq_conflicts(other: Record) -> None:
    inbox = Inbox()
    for item in (record(1), record(1), other):
        inbox.take(item)
    assert inbox.twice == 2
    assert inbox.conflicting == {1}


def test_the_latest_value_is_that_of_the_highest_seq() -> None:
    inbox = Inbox()
    for item in (record(5, 5.0), record(6, 6.0), record(2, 2.0)):
        inbox.take(item)
    assert inbox.latest() == {"air": {"temperature": {"value": 6.0, "unit": "Cel", "seq": 6}}}


def filled(*records: Record) -> Inbox:
    inbox = Inbox()
    for item in records:
        inbox.take(item)
    return inbox


def test_the_proof_holds_when_all_arrived() -> None:
    inbox = filled(record(1), record(2), record(2))
    proof = prove({1: told(record(1)), 2: None}, inbox)
    assert proof.holds
    assert (proof.taken, proof.received, proof.missing, proof.twice) == (2, 2, 0, 1)
    assert proof.line(1, 2).endswith("twice 1 (removed by id) · after 1 power cut, 2 link cuts")


def test_the_proof_names_what_is_missing() -> None:
    proof = prove(dict.fromkeys(range(1, 8)), filled(record(1), record(4)))
    assert not proof.holds
    assert (proof.missing, proof.lost) == (5, ((2, 3), (5, 7)))
    assert "missing 5" in proof.line(0, 0) and "lost: 2..3, 5..7" in proof.line(0, 0)


def test_the_proof_fails_on_changed_unknown_and_no_readings() -> None:
    changed = prove({1: ("air/temperature", 9.9)}, filled(record(1)))
    unknown = prove({1: None}, filled(record(1), record(2)))
    assert (changed.holds, changed.conflicting) == (False, 1)
    assert (unknown.holds, unknown.unknown) == (False, 1)
    assert not prove({}, Inbox()).holds


def test_the_card_is_read_as_the_node_left_it(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox")
    outbox.put([reading(1.0), reading(None)])
    outbox.put([reading(3.0)])
    outbox.close()
    name = "air/temperature"
    assert on_card(tmp_path) == {1: (name, 1.0), 2: (name, None), 3: (name, 3.0)}


@pytest.fixture
def echo() -> Iterator[tuple[str, int]]:
    """A server that takes connections; who connects is known by the kernel alone."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)


def test_a_cut_link_drops_and_refuses(echo: tuple[str, int]) -> None:
    link = Link(echo)
    near = ("127.0.0.1", link.port)
    with socket.create_connection(near, 5) as first:
        first.settimeout(5)
        link.cut()
        with suppress(ConnectionResetError):
            assert first.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(near, 5)
    link.restore()
    socket.create_connection(near, 5).close()
    link.cut()
    assert link.cuts == 2
    link.close()


def test_bytes_pass_the_link_both_ways() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        link = Link(server.getsockname())
        with socket.create_connection(("127.0.0.1", link.port), 5) as near:
            far, _ = server.accept()
            with far:
                near.sendall(b"up")
                far.settimeout(5)
                assert far.recv(2) == b"up"
                far.sendall(b"down")
                assert near.recv(4) == b"down"
        link.close()


def test_a_stepped_clock_leaves_stamps_alone() -> None:
    class Synchronised:
        def utc(self) -> int:
            return 1_800_000_000 * SECOND

        def error(self) -> float | None:
            return 0.01

    wall = SteppedWall(Synchronised())
    clock = Clock(wall, boot=BOOT)
    clock.check()
    before, stamp = clock.anchor, clock.now()
    date = clock.utc(stamp)
    assert wall.step(-3600.0) == -3600.0
    assert wall.utc() == (1_800_000_000 - 3600) * SECOND
    clock.check()
    assert clock.anchor == before
    assert clock.utc(stamp) == date
    assert clock.now() > stamp


def test_the_sparkline_shows_a_minute() -> None:
    history = History()
    for at in range(0, 70, 10):
        history.add(float(at), float(at))
    line = history.line(6, 60.0)
    assert len(line) == 6
    assert line == "▁▂▄▅▇█"
    assert History().line(4, 0.0) == "    "
    assert history.line(6, 60.0 + SPAN / 2)[3:] == "   "
