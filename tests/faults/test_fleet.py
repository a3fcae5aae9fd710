"""A fleet whose links are cut for twenty minutes, sixty times as fast, against a real broker; EDGE_NODES of them."""

import json
import os

import pytest

from edge.cli import main
from tests.broker import Lab, needs_mosquitto
from tests.faults.figures import figure

pytestmark = [pytest.mark.faults, pytest.mark.broker, needs_mosquitto]


def test_a_fleet_comes_back_spread_out_and_nothing_is_missing(tmp_path, capsys):
    nodes = os.environ.get("EDGE_NODES", "40")
    with Lab(tmp_path) as lab:
        broker = lab.broker()
        words = f"fleet simulate --broker 127.0.0.1:{broker.port} --nodes {nodes} --speed 60 --seconds 1500"
        code = main([*words.split(), "--cut", "100:1300", "--settle", "9000", "--limit", nodes, "--json"])
        report = json.loads(capsys.readouterr().out)
    print(report)
    assert code == 0 and report["missing"] == 0 and report["nodes"] == int(nodes)
    figure("spread of their returns", report["spread"], least=240)  # a thousand cover the whole of the longest wait
    figure("most returns in a second", report["most_a_second"], "", most=int(nodes) // 4)
