"""``edge record`` on simulated wires and on ports that cannot be had."""

import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.cli import main
from edge.control import Control, socket_path

CONFIG = """
[node]
id = "LP-1"
[[sensor]]
name = "pm"
driver = "pms5003"
port = "sim://?period=0.02"
[[sensor]]
name = "air"
driver = "sht3x"
i2c = "sim://"
address = 0x45
interval = "50ms"
[sensor.options]
repeatability = "low"
[[sensor]]
name = "silent"
driver = "sht3x"
i2c = "sim://?fault=silent"
interval = "50ms"
[[sensor]]
name = "acid"
driver = "ezo_ph"
i2c = "sim://"
[[sensor]]
name = "meter"
driver = "pulse_flow"
gpio = "sim://"
interval = "50ms"
[sensor.options]
debounce = "2ms"
[[sensor]]
name = "basin"
driver = "ds18b20"
w1 = "sim://"
[[sensor]]
name = "gone"
driver = "pms5003"
port = "/dev/serial/by-id/nobody"
[[sensor]]
name = "lost"
driver = "pms5003"
port = "sim://?fault=unplug&after=100ms&period=0.02"
"""


class Bench:
    """Runs ``edge record`` in a folder of its own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys
        self.config = folder / "edge.toml"
        self.config.write_text(CONFIG, encoding="utf-8")

    def record(self, name: str, seconds: float = 0.3, file: str = "out.trace") -> tuple[int, str]:
        words = [name, str(self.folder / file), "--seconds", str(seconds), "--config", str(self.config)]
        code = main(["record", *words, "--state", str(self.folder)])
        out, err = self.capsys.readouterr()
        assert out == ""
        return code, err

    def decode(self, told: str) -> list[dict]:
        """Runs the command that was told as the next step."""
        words = told.splitlines()[-1].removeprefix("next: edge ").split()
        assert main(words) == 0
        return [json.loads(line) for line in self.capsys.readouterr().out.splitlines()]


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Bench:
    return Bench(tmp_path, capsys)


@pytest.mark.parametrize("name", ["pm", "air", "acid", "meter", "basin"])
def test_what_was_recorded_is_decoded(bench: Bench, name: str) -> None:
    code, told = bench.record(name)
    assert code == 0
    lines = bench.decode(told)
    good = int(told.partition(": ")[2].split()[0])
    assert good >= 1
    assert [list(line) for line in lines] == [["values", "quality"]] * good


def test_the_file_says_what_it_is_and_not_when(bench: Bench) -> None:
    _, told = bench.record("air")
    text = (bench.folder / "out.trace").read_text(encoding="utf-8")
    assert text.splitlines()[:2] == ["# edge record: sensor air, driver sht3x", "45 > 24 16"]
    assert told.endswith("--set repeatability=low\n")


def test_an_option_in_seconds_is_told_with_its_unit(bench: Bench) -> None:
    assert bench.record("meter")[1].endswith("--set debounce=0.002s\n")


def test_silence_is_recorded_too(bench: Bench) -> None:
    code, told = bench.record("silent")
    assert code == 0
    assert "0 good measurements, 0 bad, the wire failed" in told
    assert {line["error"] for line in bench.decode(told)} == {"BusError"}


def test_a_stream_that_is_lost_ends_the_recording_and_keeps_the_file(bench: Bench) -> None:
    code, told = bench.record("lost", seconds=60)
    assert code == 74
    assert "it ended early, because the wire was lost" in told
    assert any("values" in line for line in bench.decode(told))


def test_an_unknown_sensor(bench: Bench) -> None:
    code, told = bench.record("pn")
    assert code == 64
    assert "has no sensor 'pn'; it has: pm, air, silent" in told


def test_a_name_that_decode_would_misread(bench: Bench) -> None:
    with pytest.raises(SystemExit) as end:
        bench.record("pm", file="out.bin")
    assert end.value.code == 64


def test_a_recording_is_not_overwritten(bench: Bench) -> None:
    (bench.folder / "out.trace").write_text("< 00\n", encoding="utf-8")
    code, told = bench.record("pm")
    assert code == 73
    assert "exists already" in told
    assert (bench.folder / "out.trace").read_text(encoding="utf-8") == "< 00\n"


def test_a_folder_that_is_not_there(bench: Bench) -> None:
    assert bench.record("pm", file="nowhere/out.trace")[0] == 73


def test_a_port_that_is_not_there(bench: Bench) -> None:
    code, told = bench.record("gone")
    assert code == 74
    assert "is it plugged in? ls -l /dev/serial/by-id" in told
    assert not (bench.folder / "out.trace").exists()


@pytest.fixture
def busy(bench: Bench) -> Iterator[Bench]:
    """A serial port that this process holds as pyserial does, in place of the missing one."""
    ours, port = os.openpty()
    fcntl.flock(port, fcntl.LOCK_EX)
    bench.config.write_text(CONFIG.replace("/dev/serial/by-id/nobody", os.ttyname(port)), encoding="utf-8")
    yield bench
    os.close(port)
    os.close(ours)


def test_a_port_that_another_program_holds(busy: Bench) -> None:
    code, told = busy.record("gone")
    assert code == 74
    assert "another program holds it: sudo fuser -v /dev/pts/" in told


def test_a_port_that_the_node_holds(busy: Bench) -> None:
    node = Control(socket_path(busy.folder), {"status": lambda: {"sensors": [{"name": "gone"}]}})
    node.start()
    try:
        code, told = busy.record("gone")
    finally:
        node.stop()
    assert code == 74
    assert "the running node holds 'gone': sudo systemctl stop edge" in told


def test_a_wrong_configuration(bench: Bench) -> None:
    bench.config.write_text("[node]\n", encoding="utf-8")
    assert bench.record("pm")[0] == 78
