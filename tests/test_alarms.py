"""Alarms on a whole node: from the sample to the card, over a restart, and at the command line."""

import json
from pathlib import Path
from threading import Thread

import pytest

from edge.cli import alarm, main
from edge.node import Node
from edge.outbox.outbox import Outbox
from edge.settings import load
from tests.waiting import until

CONFIG = """
[node]
id = "LP-0417"
[outbox]
flush = "1h"
[[sensor]]
name = "air"
driver = "sht3x"
i2c = "sim://"
interval = "50ms"
"""
WARM = (
    '[[rule]]\nname = "warm"\n[[rule.when]]\nsensor = "air"\nquantity = "temperature"\nabove = -100.0\nclear = -110.0\n'
)
DEAF = '[[rule]]\nname = "deaf"\n[[rule.when]]\nsensor = "air"\nsilent = "1d"\n'


class Run:
    """A node in a thread; at its end it is stopped."""

    def __init__(self, folder: Path, config: str) -> None:
        (folder / "edge.toml").write_text(config)
        self.state = folder / "state"
        self.node = Node(load(folder / "edge.toml"), self.state)
        self._thread = Thread(target=self.node.run)

    def __enter__(self) -> Node:
        self._thread.start()
        until((self.state / "run" / "control.sock").exists)
        return self.node

    def __exit__(self, *error: object) -> None:
        self.node.stop()
        self._thread.join()


def on_card(state, *, alarm):
    outbox = Outbox(state / "outbox")
    stored = outbox.reader(alarm=alarm).read(1, outbox.last, 1000)
    outbox.close()
    return [(seq, reading) for seq, reading in stored if (reading.quantity == "alarm") is alarm]


def events(node):
    """All events, as a destination gets them."""
    while (event := node.stores.events.next("anyone")) is not None:
        node.stores.events.delivered("anyone", event["id"])
        yield event


def test_an_alarm_is_on_the_card_with_the_sample_that_raised_it(tmp_path):
    with Run(tmp_path, CONFIG + WARM) as node:
        until(lambda: node.stores.outbox.last >= 1)
    ((seq, raised),) = on_card(tmp_path / "state", alarm=True)
    samples = [reading for _, reading in on_card(tmp_path / "state", alarm=False) if reading.quantity == "temperature"]
    assert seq == 1
    assert (raised.device, raised.value) == ("warm", 1.0)
    assert raised.at == samples[0].at


def test_a_restart_does_not_raise_it_again_and_a_rule_that_is_gone_clears_it(tmp_path):
    for config in (CONFIG + WARM, CONFIG + WARM, CONFIG + WARM):
        with Run(tmp_path, config) as node:
            until(lambda node=node: node.status()["sensors"][0]["good"] > 3)
            assert [told["raised"] for told in node.status()["alarms"]] == [True]
    with Run(tmp_path, CONFIG):
        pass
    assert [(reading.device, reading.value) for _, reading in on_card(tmp_path / "state", alarm=True)] == [
        ("warm", 1.0),
        ("warm", 0.0),
    ]


def test_a_new_configuration_keeps_what_stands_and_clears_what_is_gone(tmp_path):
    with Run(tmp_path, CONFIG + WARM) as node:
        until(lambda: node.status()["alarms"][0]["raised"])
        (tmp_path / "edge.toml").write_text(CONFIG + WARM + DEAF)
        node.reload(lambda: load(tmp_path / "edge.toml"))
        until(lambda: len(node.status()["alarms"]) == 2)
        assert node.status()["alarms"][0]["raised"]
        (tmp_path / "edge.toml").write_text(CONFIG + DEAF)
        node.reload(lambda: load(tmp_path / "edge.toml"))
        until(lambda: len(node.status()["alarms"]) == 1)
        told = [(event["rule"], event["state"]) for event in events(node) if event["event"] == "alarm"]
        assert told == [("warm", "raised"), ("warm", "cleared")]


def test_the_command_lists_and_acknowledges(tmp_path, capsys):
    state = str(tmp_path / "state")
    with Run(tmp_path, CONFIG + WARM + DEAF) as node:
        until(lambda: node.status()["alarms"][0]["raised"])
        until(lambda: not node.status()["alarms"][1]["blind"])
        assert main(["alarm", "--state", state]) == 0
        told = capsys.readouterr().out
        assert told.startswith("✗ warm  raised for ") and "not acknowledged: edge alarm ack warm" in told
        assert "✓ deaf  quiet" in told
        assert main(["alarm", "--state", state, "ack", "warm"]) == 0
        assert "warm is acknowledged" in capsys.readouterr().err
        assert main(["alarm", "--state", state, "--json"]) == 0
        warm = json.loads(capsys.readouterr().out)[0]
        assert (warm["raised"], warm["acknowledged"], warm["cause"]["sensor"]) == (True, True, "air")
        assert main(["alarm", "--state", state, "ack", "warm"]) == 64
        assert "needs no acknowledgement" in capsys.readouterr().err
        told = [event for event in events(node) if event["event"] == "alarm"]
        assert [(event["rule"], event["state"]) for event in told] == [("warm", "raised"), ("warm", "acknowledged")]
        assert (told[0]["sensor"], told[0]["quantity"], told[0]["limit"]) == ("air", "temperature", -100.0)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({}, ["✓ flood  quiet"]),
        (
            {"blind": {"probe/level": "value"}},
            ["– flood  quiet", "         cannot be judged now: no usable value of probe/level"],
        ),
        (
            {"blind": {"main/flow": "history"}},
            ["– flood  quiet", "         cannot be judged yet: too little history of main/flow"],
        ),
        (
            {"raised": True, "for": 130.0, "acknowledged": False,
             "cause": {"sensor": "probe", "quantity": "level", "value": 3.41, "limit": 3.2}},
            ["✗ flood  raised for 2 min 10 s · probe/level 3.41 m, limit 3.2",
             "         not acknowledged: edge alarm ack flood"],
        ),
        (
            {"raised": True, "cause": {"sensor": "probe", "quantity": "", "value": 900.0, "limit": 900.0}},
            ["✗ flood  raised · probe silent for 15 min"],
        ),
        (
            {"output": {"gpio": 27, "on": True, "trouble": "GPIO 27: no such line"}},
            ["✓ flood  quiet", "         its output does not work: GPIO 27: no such line"],
        ),
        ({"output": {"gpio": 27, "on": True, "trouble": ""}}, ["✓ flood  quiet · GPIO 27 high"]),
    ],
)  # fmt: skip
def test_an_alarm_in_words(more, says):
    quiet = {
        "rule": "flood",
        "raised": False,
        "acknowledged": True,
        "for": None,
        "cause": None,
        "blind": {},
        "output": None,
    }
    probe = {"name": "probe", "values": {"level": {"unit": "m"}}}
    assert list(alarm.lines({"alarms": [quiet | more], "sensors": [probe]})) == says


def test_a_node_without_rules_says_where_to_read_on():
    assert "docs/how-to/alarms.md" in "".join(alarm.lines({"alarms": [], "sensors": []}))
