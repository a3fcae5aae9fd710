"""``edge status`` against a running node, and how it tells what it was told."""

import copy
import io
import json
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from edge import report
from edge.cli import main, status, words
from edge.node import Node
from edge.sensing.condition import Health
from edge.settings import load
from tests.waiting import until

CONFIG = """
[node]
id = "LP-0417"

[[sensor]]
name = "air"
driver = "sht3x"
i2c = "sim://"
interval = "100ms"

[[sensor]]
name = "pm"
driver = "pms5003"
port = "sim://?fault=unplug"

[[uplink]]
name = "city"
host = "127.0.0.1"
port = 9
tls = false
"""

UNLIMITED = {"used": 9, "limit": None}
SAMPLE: dict[str, Any] = {
    "version": "1.0",
    "node": "LP-0417",
    "site": "Main St 12",
    "config": "0123456789ab",
    "health": "healthy",
    "ailing": [],
    "hanging": [],
    "sensors": [
        {
            "name": "pm", "driver": "pms5003", "health": "ok", "trouble": "", "for": 700.0, "good": 9, "bad": 2,
            "opened": 1, "maintenance": None,
            "values": {
                "pm2_5": {"value": 11.0, "unit": "ug/m3", "age": 0.6, "level": 1, "reasons": []},
                "pm10": {"value": 19.0, "unit": "ug/m3", "age": 0.6, "level": 3, "reasons": ["warming_up"]},
            },
        },
        {"name": "gps", "driver": "gnss_nmea", "health": "starting", "trouble": "", "for": 2.0, "good": 0, "bad": 0,
         "opened": 1, "maintenance": None, "values": {}},
    ],
    "alarms": [],
    "uplinks": [
        {"name": "city", "state": "connected", "trouble": None, "for": 280.0, "sent": 312, "taken": 312,
         "delivered": 312, "waiting": 0, "evicted": 0, "refused": 0, "cause": None, "remedy": None,
         "next": None, "budget": {"day": UNLIMITED, "month": UNLIMITED, "waits": None}},
    ],
    "outbox": {"first": 1, "last": 312, "bytes": 141_000_000, "limit": 2_000_000_000, "held": 0, "overrun": 0,
               "trouble": None},
    "clock": {"boot": "b", "source": "ntp", "error": 0.012, "utc": 1.0, "disputed": {}},
    "process": {"pid": 1, "rss": 27_000_000, "modules": 150, "cpu": 1.0, "up": 90_000.0},
}  # fmt: skip


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """The state folder of a running node: one sensor well, one unplugged, no broker."""
    (tmp_path / "edge.toml").write_text(CONFIG)
    node = Node(load(tmp_path / "edge.toml"), tmp_path / "state")
    thread = Thread(target=node.run)
    thread.start()
    yield tmp_path / "state"
    node.stop()
    thread.join()


def asked(capsys: pytest.CaptureFixture[str], *more: str) -> str:
    assert main(["status", *more]) == 0
    return capsys.readouterr().out


def changed(**more: Any) -> dict[str, Any]:
    return {**copy.deepcopy(SAMPLE), **more}


def text(told: dict[str, Any]) -> str:
    return "\n".join(status.lines(told))


def test_a_running_node_is_asked(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    until(lambda: main(["status", "--state", str(state)]) == 0)  # the socket is there a moment before it is listened to
    capsys.readouterr()

    def answer() -> dict[str, Any]:
        got: dict[str, Any] = json.loads(asked(capsys, "--state", str(state), "--json"))
        return got

    until(lambda: {"temperature", "humidity"} <= answer()["sensors"][0]["values"].keys())
    until(lambda: answer()["uplinks"][0]["state"] == "down" and answer()["outbox"]["last"] > 0)
    assert answer()["health"] == "degraded"
    shown = asked(capsys, "--state", str(state))
    assert "LP-0417 — degraded: sensors, uplink down" in shown
    assert "1 of 2 ok" in shown
    assert "✗ pm " in shown and "unplugged" in shown
    assert "✓ air" in shown and "%RH" in shown
    assert "last error: 127.0.0.1:9" in shown


def test_systemd_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "edge.toml").write_text(CONFIG)
    node = Node(load(tmp_path / "edge.toml"), tmp_path / "state")
    assert report.sentence(node.pipeline, []) == "healthy; 2 of 2 sensors; city connecting"
    node.pipeline.devices[1].health = Health.ILL
    assert report.sentence(node.pipeline, []) == "degraded: sensors; 1 of 2 sensors; pm is ill; city connecting"
    assert report.sentence(node.pipeline, ["writer"]).startswith("hanging: writer; ")


@pytest.mark.parametrize(
    ("why", "remedy"),
    [
        ("/dev/ttyUSB0: Operation not permitted", "systemctl restart edge"),
        ("/dev/i2c-1: Permission denied", "id edge"),
        ("no frame for 5 s", "check plug and supply"),
    ],
)
def test_an_ill_sensor_has_the_remedy_that_fits(why: str, remedy: str) -> None:
    told = changed()
    told["sensors"][0] |= {"health": "ill", "trouble": why}
    shown = text(told)
    assert why in shown and remedy in shown and shown.count("tries go on") == 1


def test_no_node_is_69_with_a_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--state", str(tmp_path)]) == 69
    told = capsys.readouterr()
    assert told.out == ""
    assert "systemctl status edge" in told.err and "edge run" in told.err


def test_a_healthy_node() -> None:
    shown = text(SAMPLE)
    assert shown.startswith("● edge 1.0 on LP-0417 (Main St 12) — healthy, up 1 d 1 h")
    assert "PM2.5 11 µg/m³  PM10 19 µg/m³  1 s ago · warming up · 2 bad answers" in shown
    assert "– gps  no value yet, starting for 2 s" in shown
    assert "city connected for 4 min 40 s · 0 waiting · 312 delivered" in shown
    assert "141 MB of 2.0 GB (7 %)" in shown
    assert "lost     0" in shown
    assert "ntp ±0.012 s" in shown


def test_an_ill_sensor_comes_first() -> None:
    told = changed(health="degraded")
    told["sensors"][1] |= {"health": "ill", "trouble": "no measurement for 14 s: silence", "for": 840.0}
    shown = text(told)
    assert shown.startswith("✗ edge")
    assert shown.index("✗ gps") < shown.index("✓ pm")
    assert "    ✗ gps  ill for 14 min · no measurement for 14 s: silence\n" in shown
    assert "\n           published as missing · check plug and supply; tries go on\n" in shown


def test_every_loss_is_told() -> None:
    told = changed()
    told["outbox"]["overrun"] = 4
    told["uplinks"][0] |= {"evicted": 1500, "refused": 1}
    shown = text(told)
    assert "4 before they reached the card" in shown
    assert "1 500 gone from the card before city had them" in shown
    assert "1 refused by city" in shown


def test_a_link_that_is_down_and_a_card_that_fails() -> None:
    told = changed(clock={"boot": "b", "source": None, "error": None, "utc": None, "disputed": {}}, hanging=["writer"])
    told["uplinks"][0] |= {"state": "down", "waiting": 1_106_544}
    told["uplinks"][0] |= {"trouble": "broker.example:8883: timed out", "cause": "timeout", "remedy": "nc -vz"}
    told["outbox"] |= {"trouble": "No space left on device", "held": 12}
    shown = text(told)
    assert "healthy: writer, uplink down" in shown
    assert "last error: broker.example:8883: timed out (timeout)" in shown
    assert "what to do: nc -vz" in shown
    assert "1 106 544 waiting" in shown
    assert "does not take readings: No space left on device · 12 held in memory" in shown
    assert "not synchronised yet" in shown


def test_a_metered_link_and_what_it_makes_wait() -> None:
    told = changed()
    told["uplinks"][0] |= {"state": "resting", "for": 180.0, "next": 720.0, "waiting": 340}
    told["uplinks"][0]["budget"]["day"] = {"used": 17_200_000, "limit": 20_000_000}
    shown = text(told)
    assert shown.startswith("● edge 1.0 on LP-0417 (Main St 12) — healthy, up 1 d 1 h")
    assert "city resting for 3 min, connects in 12 min · 340 waiting" in shown
    assert "data 17.2 MB of 20.0 MB today\n" in shown
    told["uplinks"][0]["budget"] |= {"month": {"used": 499_000_000, "limit": 500_000_000}, "waits": "backlog"}
    assert "data 17.2 MB of 20.0 MB today · 499 MB of 500 MB this month · the backlog waits" in text(told)


def test_a_card_that_fails_is_said_in_the_first_line() -> None:
    told = changed(health="degraded", ailing=["storage"])
    assert "(Main St 12) — degraded: storage, up 1 d 1 h" in text(told)


def test_alarms_that_stand_and_rules_that_cannot_be_judged() -> None:
    quiet = {"rule": "leak", "raised": False, "acknowledged": True, "for": None, "cause": None, "output": None}
    flood = {"raised": True, "rule": "flood", "for": 130.0, "blind": {},
             "cause": {"sensor": "probe", "quantity": "level", "value": 3.41, "limit": 3.2}}  # fmt: skip
    leak = quiet | {"blind": {"main/flow": "value"}}
    shown = text(changed(alarms=[leak, quiet | flood]))
    assert "alarms   1 of 2 rules to look at · 1 rule cannot be judged now: edge alarm" in shown
    assert "    ✗ flood  raised for 2 min 10 s · probe/level 3.41, limit 3.2" in shown
    assert "leak" not in shown
    assert "alarms   quiet, 1 rule · 1 rule cannot be judged now" in text(changed(alarms=[leak]))


def test_a_sensor_under_maintenance() -> None:
    told = changed()
    told["sensors"][0]["maintenance"] = 1740.0
    told["sensors"][0]["values"]["pm2_5"]["reasons"] = ["maintenance"]
    (line,) = (line for line in text(told).splitlines() if "✓ pm " in line)
    assert line.startswith("    ✓ pm   PM2.5 11 µg/m³") and ", maintenance" not in line
    assert line.endswith(" · under maintenance for 29 min more")


def test_a_node_without_sensors_and_uplinks() -> None:
    assert "none configured" in text(changed(sensors=[], uplinks=[]))


def test_a_terminal_without_utf8_gets_ascii() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    shown = words.said(text(SAMPLE), stream)
    assert shown.isascii()
    assert "?" not in shown
    assert "* edge 1.0 on LP-0417" in shown and "PM2.5 11 ug/m3" in shown


def test_columns_stay_where_they_are_on_a_plain_terminal() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    rows = [words.said(row, stream) for row in ("12.1 °C  52 %RH  2 s ago", "pH 7.18          2 s ago")]
    assert rows == ["12.1 degC 52 %RH  2 s ago", "pH 7.18          2 s ago"]


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.4, "0 s"), (59.0, "59 s"), (60.0, "1 min"), (280.0, "4 min 40 s"), (183_720.0, "2 d 3 h")]
)
def test_spans(seconds: float, told: str) -> None:
    assert words.span(seconds) == told


@pytest.mark.parametrize(
    ("count", "told"),
    [(0, "0 B"), (999, "999 B"), (4_200_000, "4.2 MB"), (141e6, "141 MB"), (2e9, "2.0 GB"), (2.89e12, "2.9 TB")],
)
def test_sizes(count: float, told: str) -> None:
    assert words.size(count) == told


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [(1, 0, "no reading yet"), (0, 0, "no reading yet"), (7, 7, "seq 7..7"), (8, 7, "none kept of 7")],
)
def test_what_the_card_has(first: int, last: int, told: str) -> None:
    assert words.seqs(first, last) == told


def test_unknown_quantities_are_told_by_name() -> None:
    values = {"level_x": {"value": 1.5, "unit": "m", "age": 0.0, "level": 1, "reasons": []}}
    assert words.quantities(values) == "level_x 1.500 m"
    assert words.quantity("longitude", -13.4, "deg") == "13.40000 W"
