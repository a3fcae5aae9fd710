"""``edge decode`` and ``edge driver``, as someone at a desk uses them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import drivers
from drivers.sim import SimPort
from drivers.sim.time import VirtualTime
from edge.cli import main

CAPTURES = Path(__file__).parent / "captures"


class Decoder:
    """Runs the command on a file of the given content."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys

    def __call__(self, driver: str, content: bytes | str, *more: str, name: str = "file.bin") -> list[dict]:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        assert main(["decode", driver, str(path), *more]) == 0
        return [json.loads(line) for line in self.capsys.readouterr().out.splitlines()]

    def refused(self, code: int, *words: str) -> str:
        try:
            assert main(["decode", *words]) == code
        except SystemExit as end:
            assert end.code == code
        out, err = self.capsys.readouterr()
        assert out == "" or out.startswith("usage")
        return err


@pytest.fixture
def decode(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Decoder:
    return Decoder(tmp_path, capsys)


def frames(count: int) -> list[bytes]:
    time = VirtualTime()
    bus = SimPort("pms5003", "sim://", time).open()
    got: list[bytes] = []
    while len(got) < count:
        time.wait(7)
        got += [data] if (data := bus.read(256)) else []
    return got


def kinds(lines: list[dict]) -> list[str]:
    return [line.get("error", "values") for line in lines]


def test_raw_bytes_of_a_stream(decode: Decoder) -> None:
    lines = decode("pms5003", b"".join(frames(40)))
    assert kinds(lines) == ["values"] * 40
    assert set(lines[0]) == {"values", "quality"}
    assert lines[0]["values"].keys() == {quantity.name for quantity in drivers.load("pms5003").measures}
    assert lines[0]["quality"] == {}


def test_noise_and_a_damaged_frame_cost_only_themselves(decode: Decoder) -> None:
    one, two, three = frames(3)
    broken = bytearray(two)
    broken[9] ^= 0x10
    lines = decode("pms5003", b"\x00rubbish" + one + bytes(broken) + b"BMBM" + three)
    assert kinds(lines) == ["values", "BadData", "values"]
    assert "check sum" in lines[1]["why"]


def test_a_half_frame_at_the_end_is_told(decode: Decoder) -> None:
    one, two = frames(2)
    lines = decode("pms5003", one + two[:20])
    assert kinds(lines) == ["values", "BadData"]
    assert lines[1]["why"] == "20 bytes at the end are no frame"


def test_a_half_frame_in_the_middle_does_not_hide_the_last_one(decode: Decoder) -> None:
    one, two = frames(2)
    assert kinds(decode("pms5003", one[:20] + two)).count("values") == 1


def test_a_damaged_frame_at_the_end_is_told_once(decode: Decoder) -> None:
    one, two = frames(2)
    assert kinds(decode("pms5003", one + two[:-1] + b"\xee")) == ["values", "BadData"]


@pytest.mark.parametrize("size", [1, 500, 200_000])
def test_a_file_without_frames_comes_to_its_end(decode: Decoder, size: int) -> None:
    lines = decode("pms5003", b"x" * size)
    assert set(kinds(lines)) == {"BadData"}
    assert lines[-1]["why"].startswith(f"{size} byte")


def test_many_false_headers_come_to_their_end(decode: Decoder) -> None:
    assert set(kinds(decode("pms5003", b"BM\x00\x1c" * 3000))) == {"BadData"}


def test_an_empty_file(decode: Decoder, capsys: pytest.CaptureFixture[str]) -> None:
    path = decode.folder / "empty"
    path.touch()
    assert main(["decode", "pms5003", str(path)]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "holds nothing" in err


def test_warming_up_is_no_measurement_and_no_end(decode: Decoder) -> None:
    zero = b"BM\x00\x1c" + bytes(26) + b"\x00\xab"
    assert kinds(decode("pms5003", zero + frames(1)[0] + zero)) == ["NoData", "values", "NoData"]


@pytest.mark.parametrize(
    "trace", sorted(CAPTURES.glob("*/*.trace")), ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_every_trace(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same results as in the .expect, but that silence at the end of a stream is no result."""
    settings = [line.removeprefix("# set ") for line in trace.read_text().splitlines() if line.startswith("# set ")]
    words = [word for setting in settings for word in ("--set", setting)]
    assert main(["decode", trace.parent.name, str(trace), *words]) == 0
    got = kinds([json.loads(line) for line in capsys.readouterr().out.splitlines()])
    expected = kinds([json.loads(line) for line in trace.with_suffix(".expect").read_text().splitlines()])
    if drivers.load(trace.parent.name).streaming:
        got, expected = [[kind for kind in list_ if kind == "values"] for list_ in (got, expected)]
    assert got == expected


def test_flags_are_words(decode: Decoder) -> None:
    lines = decode("sht3x", "44 > 24 00\n44 < 66 66 93 ff ff ac\n", name="a.trace")
    assert lines[0]["values"] == pytest.approx({"temperature": 25.0, "humidity": 100.0}, abs=1e-3)
    assert lines[0]["quality"] == {"humidity": ["saturated"]}


def test_a_trace_of_answers_only(decode: Decoder) -> None:
    lines = decode("sht3x", "45 < 66 66 93 80 00 a2\n45 < 00 00 81 00 00 80\n45 ! error 121\n", name="a.trace")
    assert kinds(lines) == ["values", "BadData", "BusError"]


def test_a_trace_at_the_other_address(decode: Decoder) -> None:
    assert kinds(decode("sht3x", "45 > 24 00\n45 < 66 66 93 80 00 a2\n", name="a.trace")) == ["values"]


def test_a_trace_that_does_not_fit_is_bad_data(decode: Decoder) -> None:
    text = "44 > 24 16\n44 < 66 66 93 80 00 a2\n44 > 24 00\n44 < 66 66 93 80 00 a2\n"
    lines = decode("sht3x", text, name="a.trace")
    assert kinds(lines) == ["BadData", "BadData", "values"]
    assert "disagree" in lines[0]["why"]
    assert kinds(decode("sht3x", text, "--set", "repeatability=low", name="b.trace"))[0] == "values"


def test_pulses_with_options(decode: Decoder) -> None:
    lines = decode("pulse_flow", "+ 3 3600\n", "--set", "litres_per_pulse=10", "--set", "offset=7", name="a.trace")
    assert lines == [{"values": {"flow": pytest.approx(0.5), "volume": 37.0, "pulses": 3.0}, "quality": {}}]


def test_the_text_of_a_w1_slave(decode: Decoder) -> None:
    text = "5e 01 ff ff 7f ff ff ff 52 : crc=52 YES\n5e 01 ff ff 7f ff ff ff 52 t=21875\n"
    assert decode("ds18b20", text) == [{"values": {"water_temperature": 21.875}, "quality": {}}]
    assert kinds(decode("ds18b20", "nonsense")) == ["BadData"]
    assert kinds(decode("ds18b20", b"\xff\x00\x80")) == ["BadData"]


def test_raw_bytes_for_a_device_that_is_asked(decode: Decoder) -> None:
    path = decode.folder / "raw.bin"
    path.write_bytes(b"123")
    assert ".trace" in decode.refused(65, "sht3x", str(path))


@pytest.mark.parametrize("text", ["hello\n", "< 4\n", "44 < zz\n", "! error x\n", b"\xff\xfe"])
def test_a_file_that_is_no_trace(decode: Decoder, text: str | bytes) -> None:
    path = decode.folder / "bad.trace"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    assert "is no trace" in decode.refused(65, "sht3x", str(path))


def test_a_file_that_is_not_there(decode: Decoder) -> None:
    assert "No such file" in decode.refused(65, "pms5003", str(decode.folder / "nowhere"))
    assert "directory" in decode.refused(65, "pms5003", str(decode.folder))


def test_an_unknown_driver(decode: Decoder) -> None:
    assert "did you mean 'pms5003'?" in decode.refused(64, "pms503", "x")


@pytest.mark.parametrize(
    ("driver", "setting", "says"),
    [
        ("pulse_flow", "pulse_per_litre=3", "did you mean 'pulses_per_litre'?"),
        ("pulse_flow", "pulses_per_litre=many", "many"),
        ("pulse_flow", "pulses_per_litre=0", "at least"),
        ("pulse_flow", "pulses_per_litre=nan", "at least"),
        ("pulse_flow", "debounce=5", "duration"),
        ("pulse_flow", "debounce", "KEY=VALUE"),
        ("sht3x", "repeatability=best", "high, medium, low"),
        ("ezo_rtd", "x=1", "it has: none"),
    ],
)
def test_a_wrong_option(decode: Decoder, driver: str, setting: str, says: str) -> None:
    path = decode.folder / "a.trace"
    path.write_text("")
    assert says in decode.refused(64, driver, str(path), "--set", setting)


def test_as_a_process(tmp_path: Path) -> None:
    path = tmp_path / "two.bin"
    path.write_bytes(b"".join(frames(2)))
    command = [
        sys.executable,
        "-c",
        "import sys; from edge.cli import main; sys.exit(main())",
        "decode",
        "pms5003",
        path,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert kinds([json.loads(line) for line in done.stdout.splitlines()]) == ["values", "values"]
    assert done.stderr == ""


def test_driver_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["driver", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["NAME", "WIRE", "GRADE", "MEASURES"]
    assert [line.split()[0] for line in lines[1 : len(drivers.names()) + 1]] == drivers.names()
    assert main(["driver", "list", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [driver["name"] for driver in told] == drivers.names()
    assert {driver["grade"] for driver in told} <= {"S", "R", "H"}


@pytest.mark.parametrize("name", drivers.names())
def test_driver_show(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    kind = drivers.load(name)
    assert main(["driver", "show", name]) == 0
    text = capsys.readouterr().out
    assert all(quantity.name in text and quantity.unit in text for quantity in kind.measures)
    assert all(option.name in text and option.help in text for option in kind.options)
    assert f'driver = "{name}"' in text
    assert "sim://" in text
    assert main(["driver", "show", name, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [quantity["name"] for quantity in told["measures"]] == [quantity.name for quantity in kind.measures]
    assert [option["name"] for option in told["options"]] == [option.name for option in kind.options]


def test_driver_show_of_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["driver", "show", "sht31"]) == 64
    assert "did you mean 'sht3x'?" in capsys.readouterr().err
