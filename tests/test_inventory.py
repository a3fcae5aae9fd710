"""The inventory: what a node consists of, and the numbers that its channels keep for ever."""

import json
from contextlib import suppress

import pytest

from edge.node import Node
from edge.notices.inventory import InventoryNotice
from edge.notices.notices import Notice, Notices
from edge.payload import Channels, Unreadable
from edge.payload.channels import table_of
from edge.settings import load
from edge.state import State

STATION = """
[node]
id = "LP-0417"
site = "Main St 12"
position = [52.52, 13.405, 34.0]
[[sensor]]
name = "pm"
driver = "pms5003"
port = "sim://"
[[sensor]]
name = "air"
driver = "sht3x"
i2c = "sim://"
"""


@pytest.fixture
def node(tmp_path):
    (tmp_path / "edge.toml").write_text(STATION)
    return Node(load(tmp_path / "edge.toml"), tmp_path / "state")


def test_it_says_what_is_there_with_units_and_limits(node):
    told = node.pipeline.inventory.as_dict()
    assert (told["node"], told["site"], told["position"]) == ("LP-0417", "Main St 12", (52.52, 13.405, 34.0))
    pm, air = told["devices"]
    assert (pm["name"], pm["driver"], air["name"]) == ("pm", "pms5003", "air")
    assert air["quantities"] == [
        {"name": "temperature", "unit": "Cel", "low": -40, "high": 125, "decimals": 2},
        {"name": "humidity", "unit": "%RH", "low": 0, "high": 100, "decimals": 2},
    ]
    assert told["config"] == node.settings.digest


def test_what_a_part_says_of_itself_is_in_it(node):
    before = node.pipeline.inventory.state
    node.pipeline.devices[1].identity = {"serial": "0b5e2f11"}
    assert node.pipeline.inventory.as_dict()["devices"][1]["serial"] == "0b5e2f11"
    assert node.pipeline.inventory.state != before


def test_a_receiver_finds_every_channel_by_its_number(node):
    told = json.loads(json.dumps(node.pipeline.inventory.as_dict()))
    digest, table = table_of(told)
    assert digest == node.stores.channels.digest
    assert table == node.stores.channels.table()
    assert {channel.device for channel in table.values()} == {"pm", "air"}


def test_numbers_outlive_the_node_and_the_device():
    kept = {}
    first = Channels(kept, kept.update)
    assert [first.number("pm", "pm1", "ug/m3"), first.number("air", "humidity", "%RH")] == [1, 2]
    second = Channels(kept, kept.update)
    assert [second.number("new", "pm1", "ug/m3"), second.number("air", "humidity", "%RH")] == [3, 2]
    assert second.table()[1].device == "pm"
    assert second.digest != first.digest


def test_a_number_is_kept_before_it_is_used():
    def fails(numbers):
        raise RuntimeError

    channels = Channels({}, fails)
    with suppress(RuntimeError):
        channels.number("pm", "pm1", "ug/m3")
    assert channels.table() == {}


@pytest.mark.parametrize("nonsense", [{"pm": 1}, {"pm/pm1/ug/m3": "1"}, {"pm/pm1/ug/m3": -1}, {"": None}])
def test_a_state_that_makes_no_sense_is_passed_over(nonsense):
    assert Channels(nonsense).number("a", "b", "c") == 1


def test_two_channels_with_one_number_are_not_both_believed():
    channels = Channels({"a/b/c": 5, "d/e/f": 5})
    assert len({channels.number("a", "b", "c"), channels.number("d", "e", "f")}) == 2


@pytest.mark.parametrize(
    "nonsense", [None, [], {}, {"inv": "x", "channels": {"a": []}}, {"inv": "x", "channels": {"1": [1]}}]
)
def test_an_inventory_that_makes_no_sense_is_unreadable(nonsense):
    with pytest.raises(Unreadable):
        table_of(nonsense)


def test_it_is_told_once_a_connection_and_when_it_changes(node):
    notices = Notices([InventoryNotice(node.pipeline.inventory, lambda content: content)])
    told = [notices.next(), notices.next()]
    assert isinstance(told[0], Notice) and (told[0].channel, told[0].retain, told[1]) == ("inventory", True, None)
    node.stores.channels.number("old", "pm1", "ug/m3")
    told = [notices.next(), notices.next()]
    assert json.loads(told[0].payload)["channels"][str(len(node.stores.channels.table()))] == ["old", "pm1", "ug/m3"]
    assert told[1] is None
    notices.restart()
    assert notices.next() is not None


def test_a_restart_keeps_the_table(node, tmp_path):
    digest = node.stores.channels.digest
    again = State(tmp_path / "state" / "state.json").load("channels")
    assert Channels(again).digest == digest
