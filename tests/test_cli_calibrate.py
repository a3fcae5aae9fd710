"""``edge calibrate`` with a running node and on a state folder at rest."""

import json
import os
import socket

import pytest

from edge.cli import main
from edge.cli.calibrate.sampling import Sample, matched, settled
from edge.lock import locked
from edge.maths.curve import curve
from tests.test_alarms import CONFIG, Run, events, on_card
from tests.waiting import until

BY = ["--by", "A. Ito"]


class Desk:
    """The command, on the files of one node."""

    def __init__(self, folder, capsys):
        self.folder, self._capsys = folder, capsys
        (folder / "edge.toml").write_text(CONFIG)

    def __call__(self, *words):
        """Exit code, what went to stdout and what to stderr."""
        files = ["--state", str(self.folder / "state"), "--config", str(self.folder / "edge.toml")]
        try:
            code = main(["calibrate", *words, *files])
        except SystemExit as left:
            code = left.code
        return code, *self._capsys.readouterr()

    def json(self, *words):
        code, out, _ = self(*words, "--json")
        assert code == 0
        return json.loads(out)


@pytest.fixture
def desk(tmp_path, capsys):
    return Desk(tmp_path, capsys)


def latest(node):
    return node.pipeline.devices[0].counts.latest["temperature"]


def test_a_record_is_in_force_from_the_next_reading_on_until_it_is_taken_back(desk, tmp_path):
    with Run(tmp_path, CONFIG) as node:
        until(lambda: node.status()["sensors"][0]["good"] > 2)
        made = desk.json("air", "temperature", "--points", "-10=-9.5", "50=51", *BY, "--due", "365d")
        assert (made["number"], made["part"], made["lasts"]) == (1, "sht3x 01234567", 365 * 86400)
        until(lambda: latest(node).raw is not None)
        reading, curve = latest(node), made["curve"]
        assert reading.value == reading.raw * curve["gain"] + curve["offset"]
        assert node.pipeline.inventory.as_dict()["devices"][0]["calibrations"] == {"temperature": 1}
        code, out, _ = desk("air")
        assert code == 0
        assert out.splitlines()[:2] == ["air  part sht3x 01234567", "  temperature"]
        assert "in force  0.99174 x - 0.57851 °C · by A. Ito · 2 points, residual 0, r2 1.0000" in out
        code, _, err = desk("air", "temperature", "--undo", *BY)
        assert code == 0
        assert "no 2: air/temperature is raw values again from the next reading on" in err
        until(lambda: latest(node).raw is None)
        assert [event["state"] for event in events(node) if event["event"] == "calibration"] == [
            "in force",
            "taken back",
        ]


def test_every_value_on_the_card_follows_from_its_raw_value_and_the_record(desk, tmp_path):
    with Run(tmp_path, CONFIG) as node:
        until(lambda: node.status()["sensors"][0]["good"] > 2)
        points = [f"{n / 3!r}={n / 3.1 + 0.07!r}" for n in range(32)]
        made = desk.json("air", "temperature", "--points", *points, "--fit", "table", *BY, "--certificate", "K" * 200)
        until(lambda: node.status()["sensors"][0]["good"] > 12)
    law = curve(made["curve"])
    kept = [reading for _, reading in on_card(tmp_path / "state", alarm=False) if reading.quantity == "temperature"]
    corrected = [reading for reading in kept if reading.raw is not None]
    assert len(corrected) > 5
    assert all(reading.value == law(reading.raw) for reading in corrected)


def test_a_socket_of_a_node_that_was_killed_is_no_node(desk):
    (desk.folder / "state" / "run").mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(desk.folder / "state" / "run" / "control.sock"))
    assert desk.json("air", "temperature", "--points", "20=21", *BY)["number"] == 1


def test_without_a_node_it_is_written_to_the_state_and_in_force_at_the_next_start(desk, tmp_path):
    with Run(tmp_path, CONFIG) as node:
        until(lambda: node.status()["sensors"][0]["good"] > 0)
    made = desk.json("air", "temperature", "--points", "20=21", *BY)
    assert (made["part"], made["curve"]) == ("sht3x 01234567", {"gain": 1.0, "offset": -1.0})
    with Run(tmp_path, CONFIG) as node:
        until(lambda: node.status()["sensors"][0]["good"] > 0)
        assert latest(node).value == latest(node).raw - 1.0
        assert [event["state"] for event in events(node) if event["event"] == "calibration"] == ["in force"]


def test_points_are_captured_until_it_is_finished_and_the_sensor_is_under_maintenance(desk, tmp_path):
    steady = ["--readings", "4", "--within", "50"]  # the simulated air changes all the time
    with Run(tmp_path, CONFIG) as node:
        until(lambda: node.status()["sensors"][0]["good"] > 2)
        code, out, err = desk("air", "temperature", "--at", "21", *steady)
        assert (code, out) == (0, "")
        assert "maintenance of air is on for 30 min" in err
        assert "4 readings, spread" in err
        assert "1 point: 21=" in err
        ((raw, true),) = desk.json("air")["captured"]["temperature"]
        assert (raw, true) == (pytest.approx(latest(node).value, abs=50), 21.0)
        made = desk.json("air", "temperature", "--finish", "--fit", "offset", *BY)
        assert made["pairs"] == [[raw, true]]
        assert made["curve"]["offset"] == pytest.approx(true - raw)
        assert desk.json("air")["captured"] == {}
        desk("air", "temperature", "--at", "22", *steady)
        assert desk.json("air", "temperature", "--drop") == []
        assert desk("air", "temperature", "--finish", *BY)[0] == 64


def test_a_sensor_that_does_not_settle_gives_no_point(desk, tmp_path):
    with Run(tmp_path, CONFIG) as node:
        until(lambda: node.status()["sensors"][0]["good"] > 2)
        code, _, err = desk("air", "temperature", "--at", "21", "--readings", "1000", "--for", "500ms")
        assert code == 1
        assert "of 1000 readings within 0.5 s. See: edge status" in err
        assert desk.json("air")["captured"] == {}


@pytest.mark.parametrize(
    ("values", "within", "spread", "taken"),
    [
        ([1, 2, 3, 4, 5, 6, 7, 8], None, 3.0, 4),  # it climbs to the end: the last four
        ([1, 2, 3, 4, 4, 4, 4, 9], None, 1.0, 4),  # it comes to rest; what follows is not looked at
        ([1, 2, 3, 4, 4, 4, 4, 9], 2.0, 2.0, 4),  # good enough before
        ([1, 2, 3], 1.0, None, 3),
    ],
)
def test_the_last_readings_count_as_soon_as_they_are_steady(values, within, spread, taken):
    series = ((Sample(n, float(value), float(value), True),) for n, value in enumerate(values))
    found, got = settled(series, digit=0.1, count=4, within=within)
    assert (found and found.spread, got) == (spread, taken)


def test_a_sensor_is_fitted_to_another_one_beside_it(desk, tmp_path):
    config = CONFIG + CONFIG[CONFIG.index("[[sensor]]") :].replace('"air"', '"ref"')
    with Run(tmp_path, config) as node:
        until(lambda: min(sensor["good"] for sensor in node.status()["sensors"]) > 2)
        made = desk.json("air", "temperature", "--against", "ref/temperature", "--for", "4s", "--force", *BY)
        assert made["reference"] == "ref/temperature sht3x 01234567"
        assert made["goodness"]["count"] >= 10
        assert made["goodness"]["worst"] < 0.1
        code, _, err = desk("air", "temperature", "--against", "ref/humidity", *BY)
        assert code == 64
        assert "temperature is in Cel and ref/humidity in %RH" in err


def samples(*pairs, good=True):
    return [Sample(int(at * 1e9), value, value + 100, good) for at, value in pairs]


def test_readings_are_paired_with_the_nearest_of_the_reference_unless_it_is_silent():
    ours = samples((0, 1.0), (1.2, 2.0), (2.6, 3.0), (9, 4.0))
    theirs = samples((0, 11.0), (1, 12.0), (2, 13.0), (3, 14.0))
    assert matched(ours, theirs) == [(1.0, 111.0), (2.0, 112.0), (3.0, 114.0)]
    assert matched(ours, theirs[:1]) == []


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["air", "temperature", "--at", "20"], 69, "this needs a running node"),
        (["air", "temperature", "--against", "ref", *BY], 64, "'ref' is not SENSOR/QUANTITY"),
        (["air", "temperature", "--at", "20", "--readings", "3"], 64, "a whole number from 4 on"),
        (["air", "--at", "20"], 64, "which quantity?"),
        (["air", "temperature", "--finish", *BY], 64, "there is no point yet"),
        (["air", "temperature", "--finish", "--undo", *BY], 64, "not allowed with"),
        (["air", "temperature", "--points", "20=21"], 64, "who did it? Do: the same with --by NAME"),
        (["air", "--points", "20=21", *BY], 64, "which quantity?"),
        (["air", "temperature", "--points", "20:21", *BY], 64, "'20:21' is not TRUE=READ"),
        (["air", "temperature", "--points", "20=21", "--fit", "line", *BY], 64, "a line needs 2 points"),
        (["air", "temperature", "--points", "0=0", "20=60", *BY], 64, "the slope is 0.333"),
        (["air", "temperature", "--points", "0=0", "20=20", "10=30", "--fit", "table", *BY], 64, "a mixed up pair"),
        (["air", "ph", "--points", "7=7.1", *BY], 64, "air does not measure 'ph'; it measures: temperature, humidity"),
        (["ari", "ph", "--points", "7=7.1", *BY], 64, "there is no sensor 'ari'; there are: air"),
        (["air", "temperature", "--undo", *BY], 64, "no calibration in force"),
        (["air", "temperature", "--due", "0", *BY], 64, "more than 0"),
    ],
)
def test_nonsense_is_refused_and_changes_nothing(words, code, says, desk):
    (desk.folder / "state").mkdir()
    left, out, err = desk(*words)
    assert (left, out) == (code, "")
    assert says in err
    assert desk.json("air")["records"] == []


def test_a_steep_slope_is_taken_when_it_is_meant(desk):
    (desk.folder / "state").mkdir()
    assert desk.json("air", "temperature", "--points", "0=0", "20=60", "--force", *BY)["number"] == 1


def test_a_folder_that_no_node_ever_used_is_left_alone(desk):
    code, _, err = desk("air")
    assert code == 69
    assert "no node ever ran on" in err
    assert not (desk.folder / "state").exists()


def test_a_node_that_is_just_starting_has_the_folder(desk):
    lock = locked(desk.folder / "state")
    try:
        assert desk("air")[0] == 75
    finally:
        os.close(lock)
