"""Every trace under tests/captures, replayed through the real driver.

A trace says what crossed the wire (see drivers/trace.py); ``# set KEY=VALUE`` in it gives the driver an option.
Each line of the .expect beside it is the result of one measurement: ``{"values": {...}}``, with ``"flags"`` where the
driver gives cause for them, or ``{"error": "BadData"}``. The trace must be used up by then.
"""

import json
import re
from pathlib import Path

import pytest

import drivers
from drivers.trace import Replay, load
from edge.cli.decode import option

CAPTURES = Path(__file__).parent / "captures"
TRACES = sorted(CAPTURES.glob("*/*.trace"))


def expected(trace: Path) -> list[dict]:
    lines = trace.with_suffix(".expect").read_text().splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def driver_for(trace: Path, bus: Replay) -> drivers.Driver:
    kind = drivers.load(trace.parent.name)
    given = re.findall(r"^# set (\w+=.*)$", trace.read_text(), re.MULTILINE)
    return kind(bus, **{**kind.example, **dict(option(kind, text) for text in given)})


def result(driver: drivers.Driver) -> dict:
    try:
        driver.trigger()
        got = driver.measure()
    except drivers.DriverError as error:
        return {"error": type(error).__name__}
    return {"values": dict(got.values), "flags": {name: reason.words() for name, reason in got.flags.items()}}


def wanted(line: dict) -> dict:
    if "error" in line:
        return line
    values = line.get("values") or {name: value for name, value in line.items() if name != "flags"}
    return {"values": pytest.approx(values, rel=1e-9), "flags": line.get("flags", {})}


@pytest.mark.parametrize("trace", TRACES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_trace(trace: Path) -> None:
    bus = Replay(load(trace))
    driver = driver_for(trace, bus)
    driver.start()
    for number, line in enumerate(expected(trace), 1):
        assert result(driver) == wanted(line), f"measurement {number}"
    assert bus.ended, "the trace goes on after the last expected measurement"


@pytest.mark.parametrize("name", drivers.names())
def test_driver_has_traces(name: str) -> None:
    lines = [line for trace in CAPTURES.glob(f"{name}/*.trace") for line in expected(trace)]
    assert any("error" not in line for line in lines), "a driver needs a trace of a good reading"
    assert any("error" in line for line in lines), "and one of a bad one"


def test_every_expectation_has_its_trace() -> None:
    assert {path.with_suffix("") for path in TRACES} == {path.with_suffix("") for path in CAPTURES.glob("*/*.expect")}
