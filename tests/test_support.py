"""``edge support``: one file that tells everything about a node but its secrets, whatever of the node is broken."""

import json
import tarfile
from contextlib import contextmanager
from threading import Thread

import pytest

from edge.cli import main
from edge.cli.support.board import facts
from edge.cli.support.scrub import Scrubber
from edge.control import ask
from edge.node import Node
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
[[uplink]]
name = "city"
host = "127.0.0.1"
port = 9
tls = false
"""
PASSWORD, KEY = b"hunter2-of-the-city", b"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg"


@pytest.fixture
def node(tmp_path):
    """A configuration and the arguments that name it; nothing has run yet."""
    (tmp_path / "edge.toml").write_text(CONFIG)
    (tmp_path / "out").mkdir()
    return tmp_path, ["--config", str(tmp_path / "edge.toml"), "--state", str(tmp_path / "state")]


@contextmanager
def running(folder):
    made = Node(load(folder / "edge.toml"), folder / "state")
    thread = Thread(target=made.run)
    thread.start()
    try:
        until(lambda: "restart" in told_events(folder / "state"))
        yield
    finally:
        made.stop()
        thread.join()


def told_events(state):
    """The events that the node has, none while it does not listen yet."""
    try:
        return [event["event"] for event in ask(state, "support")["events"]]
    except OSError:
        return []


def support(capsys, *words):
    """What the command tells with ``--json``, and what is in the file."""
    assert main(["support", "--json", *map(str, words)]) == 0
    told = json.loads(capsys.readouterr().out)
    with tarfile.open(told["file"]) as archive:
        return told, {member.name: archive.extractfile(member).read() for member in archive}


def test_a_node_that_does_not_run_gives_what_there_is_and_says_what_is_missing(node, capsys):
    folder, where = node
    told, inside = support(capsys, folder / "out", *where)
    made = folder / "out" / "edge-support-LP-0417.tar.gz"
    assert told["file"] == str(made) and made.stat().st_mode & 0o777 == 0o600
    assert {f"edge-support-LP-0417/{part['name']}" for part in told["parts"]} == inside.keys()
    assert b'id = "LP-0417"' in inside["edge-support-LP-0417/config/edge.toml"]
    assert {"python", "libraries", "mount"} <= json.loads(inside["edge-support-LP-0417/machine.json"]).keys()
    missing = {part["name"]: part["why"] for part in told["missing"]}
    assert "no node runs" in missing["node/status.json"] and "state.json" in missing["state/cursors.json"]


def test_a_running_node_tells_how_it_is_and_does_not_notice(node, capsys):
    folder, where = node
    with running(folder):
        told, inside = support(capsys, folder / "out", *where)
    part = {name.partition("/")[2]: content for name, content in inside.items()}
    status = json.loads(part["node/status.json"])
    assert status["node"] == "LP-0417" and status["uplinks"][0].keys() >= {"delivered", "waiting"}
    assert json.loads(part["node/inventory.json"])["devices"][0]["name"] == "air"
    assert "restart" in [event["event"] for event in json.loads(part["node/events.json"])]
    assert "machine" in json.loads(part["node/health.json"])
    assert json.loads(part["state/clock.json"]).keys() >= {"anchors"} and "outbox" in part["files.txt"].decode()
    assert all(entry["name"].startswith(("journal", "kernel")) for entry in told["missing"])


def test_a_second_file_gets_a_name_of_its_own_and_a_named_one_is_never_overwritten(node, capsys):
    folder, where = node
    names = [support(capsys, folder / "out", *where)[0]["file"].rpartition("/")[2] for _ in range(2)]
    assert names == ["edge-support-LP-0417.tar.gz", "edge-support-LP-0417-2.tar.gz"]
    mine = folder / "mine.tar.gz"
    assert support(capsys, mine, *where)[0]["file"] == str(mine)
    before = mine.read_bytes()
    assert main(["support", str(mine), *where]) == 73
    assert "exists already. Do: give another name" in capsys.readouterr().err and mine.read_bytes() == before


def test_a_folder_that_does_not_exist_is_73_with_a_remedy(node, capsys):
    folder, where = node
    assert main(["support", str(folder / "none" / "x.tar.gz"), *where]) == 73
    assert "lies in no folder that exists. Do: edge support /tmp" in capsys.readouterr().err


def test_a_broken_node_still_gives_a_file_and_nothing_of_it_is_touched(node, capsys):
    folder, where = node
    (folder / "edge.toml").write_text('[node\nid = "LP-0417"')
    (folder / "state").mkdir()
    (folder / "state" / "state.json").write_text("{ torn")
    told, inside = support(capsys, folder / "out", *where)
    assert b"it cannot be used" in inside["edge-support-unknown/check.txt"]
    assert "state/clock.json" in {part["name"] for part in told["missing"]}
    assert [path.name for path in (folder / "state").iterdir()] == ["state.json"]


def test_what_is_for_people_names_the_file_on_stdout_alone(node, capsys):
    folder, where = node
    assert main(["support", str(folder / "out"), *where]) == 0
    told = capsys.readouterr()
    assert told.out == f"{folder}/out/edge-support-LP-0417.tar.gz\n"
    assert "config/edge.toml" in told.err and "missing: no node runs" in told.err


def test_no_secret_is_inside_wherever_somebody_wrote_it(node, capsys):
    folder, where = node
    for name, content in (("password", PASSWORD + b"\n"), ("node.key", b"-----BEGIN KEY-----\n" + KEY + b"\n")):
        (folder / name).touch(mode=0o600)
        (folder / name).write_bytes(content)
    files = 'password_file = "password"\ncert_file = "node.key"\nkey_file = "node.key"\npassword = "s3cr3t inline"\n'
    comment = f"# the password was old-hunter1 before\nca_file = '{PASSWORD.decode()}'\n"
    (folder / "edge.toml").write_text(CONFIG + files + comment)
    _, inside = support(capsys, folder / "out", *where)
    assert [name for name, content in inside.items() for secret in (PASSWORD, KEY, b"s3cr3t", b"old-hunter1")
            if secret in content] == []  # fmt: skip
    assert b"a password must not stand in the configuration" in inside["edge-support-unknown/check.txt"]
    assert b'password_file = "password"' in inside["edge-support-unknown/config/edge.toml"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'password = "a b"', b'password = "(left out)"'),
        (b"mqtt_password: abc, user: u", b'mqtt_password: "(left out)", user: u'),
        (b'{"api-key": "a\\"b", "n": 1}', b'{"api-key": "(left out)", "n": 1}'),
        (b'{"secret-garden": {"token": 5}}', b'{"secret-garden": {"token": "(left out)"}}'),
        (b'password_file = "/etc/edge/password"', b'password_file = "/etc/edge/password"'),
        (b'"cause": "secret", "password in /x"', b'"cause": "secret", "password in /x"'),
        (b"mqtt://user:abc@broker:1883", b"mqtt://user:(left out)@broker:1883"),
        (b"-----BEGIN EC PRIVATE KEY-----\nabc\n", b"-----BEGIN EC PRIVATE KEY----- (left out) "),
        (b'multi = 1\nline = """\nabc"""', b'multi = 1\nline = """\nabc"""'),
    ],
)
def test_what_looks_like_a_secret_is_left_out_and_json_stays_json(before, after):
    assert Scrubber([]).text(before) == after


def test_a_secret_is_found_under_its_key_in_the_file_of_a_credential_and_as_json_has_it(tmp_path):
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "city-password").write_text('from "systemd"\n')
    (tmp_path / "edge.toml").write_text('[a.secrets]\none = """\nfirst line\nsecond line"""\n[b]\ntoken = ["third"]\n')
    scrub = Scrubber([tmp_path / "edge.toml"], tmp_path / "credentials")
    text = b'first line, second line and third of "from \\"systemd\\"" and from "systemd"'
    assert scrub.text(text) == b'(left out), (left out) and (left out) of "(left out)" and (left out)'


def test_a_board_is_known_by_what_linux_tells(tmp_path):
    for name, text in {
        "proc/device-tree/model": "Raspberry Pi Zero 2 W Rev 1.0\0",
        "proc/cpuinfo": "processor : 0\nprocessor : 1\nRevision\t: 902120\nSerial\t\t: 00000000abcdef\n",
        "proc/self/mountinfo": "20 1 8:1 / / rw - ext4 /dev/root rw\n21 20 0:5 / /var ro - ext4 /dev/sdb ro\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = facts(tmp_path / "state", tmp_path)
    assert found["files"]["proc/device-tree/model"] == "Raspberry Pi Zero 2 W Rev 1.0"
    assert found["files"]["proc/cpuinfo"] == ["Revision\t: 902120"]
    assert found["mount"] == "20 1 8:1 / / rw - ext4 /dev/root rw"
