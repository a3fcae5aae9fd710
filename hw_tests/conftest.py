"""Options, the one session of listening, and the table at the end."""

import json
from pathlib import Path

import pytest

from edge.settings import SensorSettings, SettingsError, load
from hw_tests.checks import CHECKS, Verdict, judge
from hw_tests.collect import Record, collect

SENSORS = pytest.StashKey[list[SensorSettings]]()
VERDICTS = pytest.StashKey[dict[tuple[str, str], Verdict]]()
HEAD = ("SENSOR", "CHECK", "RESULT", "LIMIT", "VERDICT")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("sensors", "bench tests of sensors")
    group.addoption("--config", type=Path, metavar="FILE", help="configuration (default: config/edge.toml, simulated)")
    group.addoption("--sensor", action="append", default=[], metavar="NAME", help="only this one; may be repeated")
    group.addoption("--seconds", type=float, default=8.0, metavar="N", help="how long to listen (default: 8)")
    group.addoption("--json", type=Path, metavar="FILE", help="writes the report for machines")


def pytest_configure(config: pytest.Config) -> None:
    path = config.getoption("--config") or config.rootpath / "config" / "edge.toml"
    try:
        sensors = {sensor.name: sensor for sensor in load(path).sensors}
    except SettingsError as error:
        raise pytest.UsageError(f"the configuration cannot be used\n{error}") from None
    wanted = config.getoption("--sensor") or list(sensors)
    unknown = [name for name in wanted if name not in sensors]
    if unknown:
        raise pytest.UsageError(f"{path} has no sensor {unknown[0]!r}; it has: {', '.join(sensors) or 'none'}")
    config.stash[SENSORS] = [sensors[name] for name in dict.fromkeys(wanted)]
    config.stash[VERDICTS] = {}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if {"sensor", "check"} <= set(metafunc.fixturenames):
        both = [(sensor.name, check) for sensor in metafunc.config.stash[SENSORS] for check in CHECKS]
        metafunc.parametrize(("sensor", "check"), both, ids=["-".join(names) for names in both])


@pytest.fixture(scope="session")
def records(pytestconfig: pytest.Config) -> dict[str, Record]:
    return collect(pytestconfig.stash[SENSORS], pytestconfig.getoption("--seconds"))


@pytest.fixture
def verdict(records: dict[str, Record], sensor: str, check: str, pytestconfig: pytest.Config) -> Verdict:
    verdict = pytestconfig.stash[VERDICTS][sensor, check] = judge(records[sensor], check)
    return verdict


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    rows = [(*key, *_told(verdict)) for key, verdict in config.stash[VERDICTS].items()]
    widths = [max(map(len, column)) for column in zip(HEAD, *rows, strict=True)]
    terminalreporter.write_line("")
    for row in [HEAD, *rows] if rows else []:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        terminalreporter.write_line(line.rstrip(), red=row[-1] == "FAILED")
    if path := config.getoption("--json"):
        path.write_text(
            json.dumps([dict(zip(map(str.lower, HEAD), row, strict=True)) for row in rows], indent=1) + "\n"
        )


def _told(verdict: Verdict) -> tuple[str, str, str]:
    words = {True: "ok", False: "FAILED", None: "-"}
    return verdict.result, verdict.limit, words[verdict.passed]
