"""The node as a whole: what it keeps safe of itself, and that it is alone on its folder."""

import pytest

from edge.clock import Stamp
from edge.errors import AlreadyRunning
from edge.node import Node
from edge.reading import Reading
from edge.settings import load
from edge.state import State

CONFIG = """
[node]
id = "LP-T"
[[sensor]]
name = "rain"
driver = "rain_bucket"
gpio = "sim://"
"""
TOTALS = {"rain": {"rain_total": 47.25}}


@pytest.fixture
def settings(tmp_path):
    path = tmp_path / "edge.toml"
    path.write_text(CONFIG)
    return load(path)


def put(node, boot):
    node.stores.memories.update(TOTALS)
    return node.stores.outbox.put([Reading("rain", "rate", 1.0, "mm/h", Stamp(boot, 10**9))])


def test_totals_are_saved_before_a_segment_begins(tmp_path, settings):
    node = Node(settings, tmp_path / "state")
    put(node, "boot-1")
    assert State(tmp_path / "state" / "state.json").load("memory") == TOTALS


def test_totals_that_cannot_be_saved_stop_no_reading(tmp_path, settings, caplog):
    node = Node(settings, tmp_path / "state")
    in_the_way = tmp_path / "state" / "state.json"
    in_the_way.unlink(missing_ok=True)
    in_the_way.mkdir()
    assert put(node, "boot-1") == (1, 1)
    assert "the totals could not be saved" in caplog.text
    in_the_way.rmdir()
    assert put(node, "boot-2") == (2, 2)
    assert State(tmp_path / "state" / "state.json").load("memory") == TOTALS


def test_a_second_node_on_the_same_folder_is_refused_and_touches_nothing(tmp_path, settings):
    node = Node(settings, tmp_path / "state")
    put(node, "boot-1")
    before = {path: path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file()}
    with pytest.raises(AlreadyRunning, match="another node runs"):
        Node(settings, tmp_path / "state")
    assert before == {path: path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file()}
    assert put(node, "boot-1") == (2, 2)
