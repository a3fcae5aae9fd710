"""The bench tests as a technician runs them: the simulated station passes, each hurt sensor fails at its own check."""

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from tests.waiting import PATIENCE

pytestmark = pytest.mark.faults  # of sensors; they take half a minute

ROOT = Path(__file__).parents[2]
STATION = (ROOT / "config" / "edge.toml").read_text(encoding="utf-8")

HURT = {  # name: driver, wire, address, the checks that fail
    "frozen-gnss": ("gnss_nmea", "port", "sim://?fault=freeze&after=2s", {"stuck"}),
    "frozen-pm": ("pms5003", "port", "sim://?fault=freeze", {"stuck"}),
    "frozen-air": ("sht3x", "i2c", "sim://?fault=freeze", {"stuck"}),
    "silent-gnss": ("gnss_nmea", "port", "sim://?fault=silent", {"answers"}),
    "silent-air": ("sht3x", "i2c", "sim://?fault=silent", {"answers"}),
    "garbling-gnss": ("gnss_nmea", "port", "sim://?fault=garbage", {"answers", "bad_frames"}),
    "garbling-air": ("sht3x", "i2c", "sim://?fault=garbage", {"answers", "bad_frames"}),
    "later-garbling-air": ("sht3x", "i2c", "sim://?fault=garbage&after=3s", {"bad_frames"}),
    "unplugged": ("pms5003", "port", "sim://?fault=unplug", {"opens"}),
    "missing": ("pms5003", "port", "/dev/serial/by-id/nobody", {"opens"}),
}


def hw(folder: Path, config: str, *more: str) -> subprocess.CompletedProcess[str]:
    path = folder / "station.toml"
    path.write_text(config, encoding="utf-8")
    words = [sys.executable, "-m", "pytest", "hw_tests", "--config", str(path), *more]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """One run over the station and all that is hurt: sensor, check, verdict."""
    folder = tmp_path_factory.mktemp("hw")
    hurt = [
        f'[[sensor]]\nname = "{name}"\ndriver = "{driver}"\n{wire} = "{place}"\n'
        for name, (driver, wire, place, _) in HURT.items()
    ]
    done = hw(folder, "\n".join([STATION, *hurt]), "--seconds", "7", "--json", str(folder / "report.json"))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "SENSOR" in done.stdout and "passed" in done.stdout.splitlines()[-1]
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for row in json.loads((folder / "report.json").read_text(encoding="utf-8")):
        found[row["sensor"]][row["check"]] = row["verdict"]
    return found


def failed(verdicts: dict[str, str]) -> set[str]:
    return {check for check, verdict in verdicts.items() if verdict == "FAILED"}


@pytest.mark.parametrize("name", HURT)
def test_a_hurt_sensor_fails_at_the_right_check(report: dict[str, dict[str, str]], name: str) -> None:
    assert failed(report[name]) == HURT[name][3], report[name]


def test_the_simulated_station_passes(report: dict[str, dict[str, str]]) -> None:
    station = report.keys() - HURT.keys()
    assert station == {"gnss", "pm", "air", "main", "basin", "acid"}
    assert {name: failed(report[name]) for name in station} == {name: set() for name in station}
    assert {"stuck": "ok", "pace": "ok", "range": "ok"}.items() <= report["gnss"].items()


@pytest.mark.parametrize(
    ("config", "more", "told"),
    [
        (STATION, ("--sensor", "nobody"), "has no sensor 'nobody'; it has: gnss, pm"),
        ('[node]\nid = "x"\n[[sensor]]\nname = "a"\ndriver = "pms503"\n', (), "pms5003"),
    ],
)
def test_what_cannot_be_tested_is_told(tmp_path: Path, config: str, more: tuple[str, ...], told: str) -> None:
    done = hw(tmp_path, config, *more)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_one_sensor_alone(tmp_path: Path) -> None:
    done = hw(tmp_path, STATION, "--sensor", "air", "--seconds", "0.1", "-k", "opens")
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-1].startswith("1 passed, ")
