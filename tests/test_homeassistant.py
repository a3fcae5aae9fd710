"""Discovery: what Home Assistant gets is what its documentation asks for, and its templates find the values."""

import json

import pytest
from jsonschema import Draft202012Validator

import drivers
from edge.clock import Stamp
from edge.node import Node
from edge.notices.homeassistant import CLASSES, UNITS, Discovery
from edge.reading import GOOD, Batch, Reading
from edge.settings import load

STATION = """
[node]
id = "LP.0417"
[[sensor]]
name = "pm"
driver = "pms5003"
port = "sim://"
[[sensor]]
name = "main"
driver = "pulse_flow"
gpio = "sim://"
[sensor.options]
pulses_per_litre = 450
[[uplink]]
name = "home"
host = "127.0.0.1"
port = 9
tls = false
discovery = "homeassistant"
"""
TEXT = {"type": "string", "minLength": 1}

# https://www.home-assistant.io/integrations/sensor.mqtt/ (the keys we use) and .../integrations/mqtt/ (device, origin)
CONFIGURATION = {
    "type": "object",
    "required": ["name", "unique_id", "state_topic", "value_template", "device", "origin", "availability"],
    "additionalProperties": False,
    "properties": {
        "name": TEXT,
        "unique_id": TEXT,
        "state_topic": {"type": "string", "pattern": "^[^#+]+$"},
        "value_template": TEXT,
        "state_class": {"enum": ["measurement", "total", "total_increasing"]},
        "device_class": TEXT,
        "unit_of_measurement": TEXT,
        "suggested_display_precision": {"type": "integer", "minimum": 0},
        "entity_category": {"const": "diagnostic"},
        "availability": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["topic"],
                "additionalProperties": False,
                "properties": {"topic": TEXT, "value_template": TEXT},
            },
        },
        "device": {
            "type": "object",
            "required": ["identifiers", "name"],
            "additionalProperties": False,
            "properties": {
                "identifiers": {"type": "array", "items": TEXT, "minItems": 1},
                **dict.fromkeys(("name", "model", "serial_number", "sw_version"), TEXT),
            },
        },
        "origin": {
            "type": "object",
            "required": ["name"],
            "additionalProperties": False,
            "properties": {"name": TEXT, "sw_version": TEXT},
        },
    },
}

# homeassistant/components/sensor/const.py of 2024.3 and 2026.2: what a device class takes, as far as we use it
TAKES = {
    "carbon_dioxide": {"ppm"}, "current": {"mA"}, "distance": {"m", "mm"},
    "energy": {"kWh"}, "humidity": {"%"}, "ph": {None}, "pm1": {"µg/m³"}, "pm10": {"µg/m³"}, "pm25": {"µg/m³"},
    "power": {"kW"}, "precipitation": {"mm"}, "pressure": {"hPa"}, "sound_pressure": {"dB"}, "speed": {"m/s"},
    "temperature": {"°C"}, "volatile_organic_compounds_parts": {"ppb"}, "voltage": {"V", "mV"},
    "volume_flow_rate": {"L/min", "m³/h"}, "water": {"L", "m³"}, "wind_speed": {"m/s"},
}  # fmt: skip
ONLY_TOTAL, ANY = {"energy", "water"}, {"distance", "precipitation"}


@pytest.fixture
def node(tmp_path):
    (tmp_path / "edge.toml").write_text(STATION)
    return Node(load(tmp_path / "edge.toml"), tmp_path / "state")


@pytest.fixture
def discovery(node):
    return Discovery(node.pipeline.inventory, "edge/LP.0417/{}".format, now=lambda: 100.0)


def told(discovery):
    """All that it has to say, by topic."""
    notices = list(iter(discovery.next, None))
    assert all(notice.retain for notice in notices)
    return {notice.channel: json.loads(notice.payload or "null") for notice in notices}


def batch(*readings, lane="live"):
    return Batch("LP.0417", list(enumerate(readings, 1)), lane)


def reading(quantity, value, unit="ug/m3", **more):
    return Reading("pm", quantity, value, unit, Stamp("b", 0), **more)


def test_every_configuration_is_as_the_documentation_has_it(discovery):
    configurations = told(discovery)
    assert len(configurations) == 12 + 3
    for configuration in configurations.values():
        Draft202012Validator(CONFIGURATION).validate(configuration)
    assert configurations["homeassistant/sensor/LP-0417_pm_pm2_5/config"] == {
        "name": "pm2 5",
        "unique_id": "LP-0417_pm_pm2_5",
        "state_topic": "edge/LP.0417/state/pm",
        "value_template": "{{ value_json['pm2_5'] | default(none) }}",
        "state_class": "measurement",
        "device_class": "pm25",
        "unit_of_measurement": "µg/m³",
        "suggested_display_precision": 0,
        "availability": [{"topic": "edge/LP.0417/status", "value_template": "{{ value_json.status }}"}],
        "device": {"identifiers": ["LP-0417_pm"], "name": "LP.0417 pm", "model": "pms5003"},
        "origin": configurations["homeassistant/sensor/LP-0417_main_volume/config"]["origin"],
    }


@pytest.mark.parametrize(("quantity", "unit"), CLASSES)
def test_a_device_class_takes_the_unit_and_the_kind_of_its_quantity(quantity, unit):
    assert unit in drivers.units(quantity)
    kind = CLASSES[quantity, unit]
    assert UNITS.get(unit, unit) in TAKES[kind]
    assert kind in ANY or drivers.is_total(quantity) == (kind in ONLY_TOTAL)


def test_a_direction_has_no_statistics_as_a_mean_of_numbers_is_none_of_directions(tmp_path):
    station = STATION.replace('name = "pm"\ndriver = "pms5003"', 'name = "gnss"\ndriver = "gnss_nmea"')
    (tmp_path / "edge.toml").write_text(station)
    made = Node(load(tmp_path / "edge.toml"), tmp_path / "state")
    configurations = told(Discovery(made.pipeline.inventory, "edge/LP.0417/{}".format))
    assert "state_class" not in configurations["homeassistant/sensor/LP-0417_gnss_course/config"]
    assert configurations["homeassistant/sensor/LP-0417_gnss_speed/config"]["state_class"] == "measurement"


def test_a_state_has_the_newest_values_and_null_for_a_bad_one(discovery):
    told(discovery)
    discovery.sent(batch(reading("pm1", 3.0), reading("pm2_5", 8.0)))
    discovery.sent(
        batch(reading("pm1", 4.0), reading("pm10", 9999.0, quality=GOOD.flagged(drivers.Reason.OUT_OF_RANGE)))
    )
    assert told(discovery) == {"edge/LP.0417/state/pm": {"pm1": 4, "pm2_5": 8, "pm10": None}}


def test_a_state_does_not_come_too_often(node):
    now = [100.0]
    discovery = Discovery(node.pipeline.inventory, "edge/{}".format, now=lambda: now[0])
    told(discovery)
    came = []
    for _ in range(20):
        discovery.sent(batch(reading("pm1", now[0])))
        came += told(discovery).values()
        now[0] += 1.0
    assert came == [{"pm1": 100}, {"pm1": 105}, {"pm1": 110}, {"pm1": 115}]


@pytest.mark.parametrize("lane", ["backlog", "replay"])
def test_the_past_is_no_state(discovery, lane):
    told(discovery)
    discovery.sent(batch(reading("pm1", 3.0), lane=lane))
    assert told(discovery) == {}


def test_what_is_no_longer_measured_is_taken_back(node, discovery):
    node.stores.channels.number("old", "co2", "ppm")
    assert told(discovery)["homeassistant/sensor/LP-0417_old_co2/config"] is None


def test_only_what_has_changed_is_said_again(node, discovery):
    told(discovery)
    node.pipeline.devices[1].identity = {"serial": "7"}
    again = told(discovery)
    assert {configuration["device"].get("serial_number") for configuration in again.values()} == {"7"}
    assert len(again) == 3


def test_a_new_connection_hears_all_of_it_again(discovery):
    first = told(discovery)
    assert told(discovery) == {}
    discovery.restart()
    assert told(discovery) == first


def test_an_uplink_that_wants_it_gets_it(node):
    notices = node.pipeline.forwarders[0].talk.notices
    channels = [notice.channel for notice in iter(notices.next, None)]
    assert "homeassistant/sensor/LP-0417_main_flow/config" in channels and "inventory" in channels
