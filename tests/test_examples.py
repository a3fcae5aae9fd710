"""The stations of config/examples: each is checked, simulated and with its real wires, and runs the whole chain.

The stations run at once, each with a broker of its own, until each sensor has delivered; a good value is asked of those
that settle within EDGE_STATION seconds. A second run of the same node sends what the filters held back at the end of
the first. What the early-warning examples do is in ``test_warnings.py``.
"""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import drivers
from edge.reading import Stored
from edge.settings import SensorSettings, Settings, examine
from tests.broker import NODE, Lab, Record, needs_mosquitto, until

EXAMPLES = sorted((Path(__file__).parent.parent / "config" / "examples").glob("*.toml"))
KINDS = {"air", "flow", "gnss", "mixed", "water"}
WARNINGS = {"warning-drinking-water", "warning-leak", "warning-pm", "warning-river"}
STATIONS = [path for path in EXAMPLES if path.stem in KINDS]
STATION = float(os.environ.get("EDGE_STATION", "6"))
WIRE = re.compile(r'^(\w+) = "sim://[^"]*" +# real: (\1 = .+)$', re.MULTILINE)

each = pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)


def good(path: Path) -> Settings:
    settings, problems = examine(path)
    assert not problems, "\n".join(map(str, problems))
    assert settings is not None
    return settings


def test_there_is_one_for_each_kind_of_station() -> None:
    assert {path.stem for path in EXAMPLES} == KINDS | WARNINGS


@each
def test_an_example_is_right_without_a_warning(path: Path) -> None:
    settings = good(path)
    assert all(str(sensor.place).startswith("sim:") for sensor in settings.sensors)
    assert any(sensor.filters for sensor in settings.sensors)
    assert [(uplink.host, uplink.tls) for uplink in settings.uplinks] == [("127.0.0.1", False)]


@each
def test_its_real_wires_do_not_collide(path: Path, tmp_path: Path) -> None:
    text, wires = WIRE.subn(r"\2", path.read_text())
    real = tmp_path / path.name
    real.write_text(text)
    settings = good(real)
    assert wires == len(settings.sensors)
    assert not any(str(sensor.place).startswith("sim:") for sensor in settings.sensors)


class Ran(NamedTuple):
    """What came of one station."""

    status: dict[str, Any]
    card: list[Stored]  # of the first run
    seqs: set[int]  # that arrived, of both runs
    records: list[Record]
    log: str


def run(path: Path, folder: Path) -> Ran:
    """The station as a process with a real broker, twice."""
    with Lab(folder) as lab:
        broker = lab.broker()
        listener = lab.listener(broker)
        text = path.read_text().replace("port = 1883", f"port = {broker.port}")
        node = lab.node(re.sub(r'^id = ".*"$', f'id = "{NODE}"', text, flags=re.MULTILINE))
        sensors = good(path).sensors
        until(lambda: all(sensor["good"] for sensor in node.ready()["sensors"]))
        listener.until(lambda heard: all(delivered(one, list(heard.records)) for one in sensors if soon(one)))
        status = node.ready()
        assert node.terminate() == 0
        card = node.on_card()
        node.start()
        listener.until(lambda heard: heard.seqs.issuperset(seq for seq, _ in card))
        node.kill()
        return Ran(status, card, listener.seqs, list(listener.records), node.log)


@pytest.fixture(scope="module")
def stations(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    folders = [tmp_path_factory.mktemp(path.stem) for path in STATIONS]
    with ThreadPoolExecutor(len(STATIONS)) as pool:
        return dict(zip((path.stem for path in STATIONS), pool.map(run, STATIONS, folders), strict=True))


@pytest.mark.broker
@needs_mosquitto
@pytest.mark.parametrize("path", STATIONS, ids=lambda path: path.stem)
def test_every_sensor_delivers_and_every_reading_arrives(path: Path, stations: dict[str, Ran]) -> None:
    ran = stations[path.stem]
    sensors = good(path).sensors
    assert [sensor["name"] for sensor in ran.status["sensors"]] == [sensor.name for sensor in sensors]
    assert {sensor["name"]: sensor["health"] for sensor in ran.status["sensors"] if sensor["health"] != "ok"} == {}
    assert "is ill" not in ran.log
    seqs = [seq for seq, _ in ran.card]
    assert seqs == list(range(1, len(seqs) + 1))
    assert ran.seqs.issuperset(seqs), f"did not arrive: {sorted(set(seqs) - ran.seqs)}"
    for sensor in sensors:
        assert delivered(sensor, ran.records), (sensor.name, ran.records)


def soon(sensor: SensorSettings) -> bool:
    """Whether a value that the warm-up has no part in can be waited for."""
    timing = drivers.load(sensor.driver).timing
    means = sum(item.options.get("interval", 0.0) for item in sensor.filters)
    return timing.warmup + (timing.interval if sensor.interval is None else sensor.interval) + means < STATION


def delivered(sensor: SensorSettings, records: list[Record]) -> bool:
    """A good value; one that is only not yet warm where that takes long. The clock is that of this machine."""
    spared = {"clock"} if soon(sensor) else {"clock", "warming_up"}
    return any(
        record.value is not None and spared.issuperset(record.fields.get("qr", []))
        for record in records
        if record.device == sensor.name
    )
