"""``edge send --once``: each step with its time, and the first that fails with what mends it."""

import json
from dataclasses import replace

import pytest

from edge.cli import main
from edge.cli.send import lent
from edge.settings import UplinkSettings
from tests.broker import Lab, config, free_port, needs_mosquitto
from tests.hostile import Hostile

pytestmark = [pytest.mark.broker, needs_mosquitto]


@pytest.fixture
def run(tmp_path, capsys):
    """A run against a broker of its own: exit code and report."""
    with Lab(tmp_path) as lab:
        broker = lab.broker()

        def run(*words, port=broker.port):
            capsys.readouterr()
            code = main(["send", "--once", *(word.format(port=port) for word in words), "--json"])
            return code, json.loads(capsys.readouterr().out)

        run.broker, run.lab = broker, lab
        yield run


def names(report):
    return [step["name"] for step in report["steps"]]


def test_a_good_broker_passes_every_step_and_hears_one_test(run):
    listener = run.lab.listener(run.broker)
    code, report = run("mqtt://127.0.0.1:{port}")
    assert code == 0 and report["ok"] and names(report) == ["name", "tcp", "login", "acknowledgement"]
    assert all(step["ms"] >= 0 for step in report["steps"])
    assert listener.until(lambda it: it.on("event"))
    assert [message["event"] for message in listener.told("event")] == ["test"] and not listener.on("status")


def test_the_uplinks_of_the_configuration_are_tried(run, tmp_path):
    file = tmp_path / "edge.toml"
    file.write_text(config(run.broker.port))
    code, report = run("--config", str(file), "city")
    assert code == 0 and report["uplink"] == "city"
    assert main(["send", "--once", "--config", str(file), "moon"]) == 64


@pytest.mark.parametrize(
    ("url", "failed", "state", "done"),
    [
        ("mqtt://nowhere.invalid", "name", "dns", []),
        ("mqtt://127.0.0.1:{free}", "tcp", "tcp-refused", ["name"]),
        ("mqtts://127.0.0.1:{port}", "tls", "tls", ["name", "tcp"]),
    ],
)
def test_the_first_step_that_fails_is_named_with_a_remedy(run, url, failed, state, done):
    code, report = run(url.replace("{free}", str(free_port())))
    assert (code, report["ok"], report["failed"], report["state"]) == (69, False, failed, state)
    assert names(report) == done and report["why"] and report["remedy"]


@pytest.mark.parametrize(
    ("more", "note"),
    [
        ([], "no user name was sent, and no password"),
        (["--username", "LP-0417"], "no password was sent: there is no password_file"),
        (["--username", "LP-0417", "--password-file", "{secret}"], None),
    ],
)
def test_a_login_that_is_refused_says_what_was_not_sent(tmp_path, capsys, more, note):
    secret = tmp_path / "secret"
    secret.touch(0o600)
    with Hostile("connack 87") as broker:
        url = f"mqtt://127.0.0.1:{broker.port}"
        assert main(["send", "--once", url, *(word.format(secret=secret) for word in more)]) == 69
    said = capsys.readouterr().out
    assert "✗ login " in said and "which may say this of a wrong password too" in said
    assert f"Note: {note}" in said if note else "Note:" not in said


def test_what_is_no_address_is_refused(capsys):
    assert main(["send", "--once", "http://broker"]) == 64
    assert "mqtts://" in capsys.readouterr().err


def test_the_password_is_the_one_that_the_running_service_was_lent(tmp_path):
    """Its unit has it as a credential; whoever may read that needs no other."""
    (tmp_path / "city-password").write_text("secret")
    city = UplinkSettings("city", "mqtt", "broker.example", 8883, username="LP-0417")
    assert lent(city, tmp_path).password_file == str(tmp_path / "city-password")
    own = replace(city, password_file="/etc/edge/city.password")
    for other in (own, replace(city, name="county"), replace(city, username="")):
        assert lent(other, tmp_path) == other
