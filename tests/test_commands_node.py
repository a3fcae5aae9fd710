"""Commands over a real broker to a real node: done, refused, tried out and taken back."""

import json
from hashlib import sha256

import pytest

from edge.cli import main
from edge.cli.args import parser
from edge.cli.dial import Line, add_broker
from edge.commands import ORDERS
from edge.commands.audit import broken, lines
from tests.broker import NODE, Lab, config, needs_mosquitto, until
from tests.test_commands import Post, hostile

pytestmark = [pytest.mark.broker, needs_mosquitto]
SENSORS = ('pm pms5003 sim:// interval="1s"', 'air sht3x sim:// interval="1s"')
ALL = list(ORDERS)


class Centre:
    """A node that takes commands, and ``edge command send`` towards it."""

    def __init__(self, folder, lab, capsys):
        self.capsys, self.folder = capsys, folder
        self.key = folder / "ops.key"
        assert main(["command", "new-key", str(self.key)]) == 0
        self.broker = lab.broker()
        self.text = config(self.broker.port, *SENSORS)
        self.text += f'[commands]\nkeys_file = "ops.pub"\nallow = {json.dumps(ALL)}\n'
        self.node = lab.node(self.text, start=False)
        (self.node.config.parent / "ops.pub").write_text(self.key.with_suffix(".pub").read_text())
        self.node.start()
        self.node.ready()
        assert until(lambda: self.well(2)), self.node.log

    def well(self, sensors):
        status = self.node.status()
        good = [sensor for sensor in status["sensors"] if sensor["good"]]
        return len(good) == sensors and status["uplinks"][0]["state"] == "connected" and status["outbox"]["last"] >= 5

    def send(self, *words, wait="60"):
        """The exit code and the reply, which is waited for so many seconds."""
        self.capsys.readouterr()
        broker = f"127.0.0.1:{self.broker.port}"
        code = main(
            ["command", "send", NODE, *words, "--key", str(self.key), "--broker", broker, "--wait", wait, "--json"]
        )
        return code, json.loads(self.capsys.readouterr().out or "null")


@pytest.fixture
def lab(tmp_path):
    with Lab(tmp_path) as lab:
        yield lab


@pytest.fixture
def centre(tmp_path, lab, capsys):
    return Centre(tmp_path, lab, capsys)


def told(listener):
    return [event for event in listener.told("event") if event["event"] == "command"]


def test_commands_reach_the_node_and_are_answered(centre, lab):
    listener = lab.listener(centre.broker)
    code, reply = centre.send("ping")
    assert code == 0 and reply["result"]["health"] == "healthy" and reply["result"]["last"] > 0
    assert centre.send("replay", "first=1", "last=5")[1]["result"] == ["city"]
    assert centre.send("read-now", "sensor=air")[0] == 0
    code, reply = centre.send("read-now", "sensor=sun")
    assert (code, reply["code"]) == (1, "refused") and "sun" in reply["why"]
    before = centre.node.status()["sensors"][1]["opened"]
    assert centre.send("restart-sensor", "sensor=air")[0] == 0
    assert until(lambda: centre.node.status()["sensors"][1]["opened"] == before + 1)
    assert centre.send("set-interval", "sensor=air", "seconds=0.2")[0] == 0
    assert centre.send("log-level", "level=debug", "for=1")[0] == 0
    trail = centre.node.state / "audit.jsonl"
    assert [json.loads(line)["what"] for line in lines(trail)].count("command") == 7
    assert until(lambda: len(told(listener)) == 8)
    assert [(event["n"], event["what"]) for event in told(listener)][3:5] == [(4, "command"), (5, "rejected")]
    assert [event["sum"] for event in told(listener)] == [sha256(line).hexdigest() for line in lines(trail)]
    assert broken(trail) is None
    assert main(["audit", "--state", str(centre.node.state), "--verify"]) == 0


def test_two_hundred_hostile_messages_leave_a_healthy_node_and_a_line_each(centre, tmp_path):
    (tmp_path / "post").mkdir()
    corpus = [message for _, message in hostile(Post(tmp_path / "post")) if len(message) < 60_000]
    words = parser("test", "")
    add_broker(words)
    with Line(words.parse_args(["--broker", f"127.0.0.1:{centre.broker.port}"]), "stranger") as line:
        for message in corpus:
            line.publish(f"edge/{NODE}/command", message)
    trail = centre.node.state / "audit.jsonl"
    assert until(lambda: trail.exists() and len(list(lines(trail))) == len(corpus))
    assert {json.loads(line)["what"] for line in lines(trail)} == {"rejected"}
    code, reply = until(lambda: (got := centre.send("ping", wait="2"))[0] == 0 and got)  # the burst must be over
    assert code == 0 and reply["result"]["health"] == "healthy"
    assert "Traceback" not in centre.node.log


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('driver = "sht3x"', 'driver = "sht33"', "sht33"),
        (f'id = "{NODE}"', 'id = "LP-U"', "at the node only"),
        ('"ping", ', "", "at the node only"),
        ("[node]", "[nod", "edge.toml|staged.toml"),
    ],
)
def test_a_configuration_that_is_wrong_or_reaches_too_far_is_not_taken(centre, old, new, why):
    text = centre.text.replace("ops.pub", f"{centre.folder}/ops.pub").replace(old, new)
    centre.folder.joinpath("new.toml").write_text(text)
    code, reply = centre.send("config-stage", f"text=@{centre.folder}/new.toml")
    assert (code, reply["code"]) == (1, "refused")
    assert any(part in reply["why"] for part in why.split("|")), reply
