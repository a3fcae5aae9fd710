"""A configuration from afar on trial: it stays when the data goes on, and the old one comes back when it stops."""

import pytest

from tests.broker import Lab, needs_mosquitto, until
from tests.test_commands_node import Centre

pytestmark = [pytest.mark.faults, pytest.mark.broker, needs_mosquitto]


@pytest.fixture
def centre(tmp_path, capsys):
    with Lab(tmp_path) as lab:
        yield Centre(tmp_path, lab, capsys)


def test_a_configuration_stays_when_the_data_goes_on_and_comes_back_when_it_stops(centre):
    faster = centre.text.replace('interval = "1s"', 'interval = "500ms"').replace("ops.pub", f"{centre.folder}/ops.pub")
    centre.folder.joinpath("faster.toml").write_text(faster)
    silent = faster.replace('driver = "sht3x"\nport = "sim://"', 'driver = "sht3x"\nport = "sim://?fault=silent"')
    assert silent != faster
    centre.folder.joinpath("silent.toml").write_text(silent)
    first = centre.node.status()["config"]

    code, reply = centre.send("config-stage", f"text=@{centre.folder}/faster.toml")
    assert code == 0, reply
    digest = reply["result"]["digest"]
    assert centre.send("config-apply", "digest=000000000000")[1]["code"] == "refused"
    assert centre.send("config-apply", f"digest={digest}", "trial=20")[0] == 0
    assert until(lambda: list((centre.node.state / "config").glob(f"applied-{first}.toml"))), centre.node.log
    assert centre.node.status()["config"] == digest

    code, reply = centre.send("config-stage", f"text=@{centre.folder}/silent.toml")
    assert centre.send("config-apply", f"digest={reply['result']['digest']}", "trial=20")[0] == 0
    assert until(lambda: centre.node.lines("is taken back", "sensor air")), centre.node.log
    assert until(lambda: centre.node.status()["config"] == digest)

    assert centre.node.terminate() == 0
    centre.node.start()
    assert centre.node.ready()["config"] == digest  # what the centre put stands in for the file still
    assert centre.node.terminate() == 0
    centre.node.configure(centre.text.replace('flush = "100ms"', 'flush = "200ms"'))
    centre.node.start()
    assert centre.node.ready()["config"] not in (first, digest)  # whoever changes the file has the last word
