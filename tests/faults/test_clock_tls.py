"""The real node with a wrong clock before a broker with TLS: it comes in while it knows that its clock is wrong, and
nobody else does; with a clock that vouches for itself an expired certificate keeps the node out.
"""

import time
from datetime import timedelta

import pytest

from tests.broker import Lab, config, until
from tests.certificates import NOW, Authority, server
from tests.faults.clocks import Clocks, built, needs_cc
from tests.hostile import Hostile

pytestmark = [pytest.mark.faults, needs_cc]

YEAR = 365.25 * 86400
CLOCKS = {"1970": 3600 - time.time(), "build date - 1 y": -YEAR, "+ 20 y": 20 * YEAR}


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    return built(tmp_path_factory.mktemp("shim"))


def told(folder, shim, ahead, synced, authority, files):
    """State and cause of the uplink, and whether readings arrived."""
    folder.mkdir()
    with Lab(folder) as lab, Hostile(context=server(files)) as broker:
        clocks = Clocks(folder, shim)
        clocks.boot("boot-1", at=60.0)
        clocks.set(ahead, synced=synced)
        text = config(broker.port, 'air sht3x sim:// interval="100ms"', more=f'ca_file = "{authority.file}"')
        node = lab.node(text.replace("tls = false\n", "").replace('"127.0.0.1"', '"localhost"'), start=False)
        node.start(**clocks.environment)

        def uplink():
            return node.ready()["uplinks"][0]

        until(lambda: uplink()["state"] == "down" or uplink()["delivered"] > 10)
        got = uplink()
        return got["state"], got["cause"], bool(broker.kept)


@pytest.mark.parametrize("ahead", CLOCKS.values(), ids=CLOCKS)
def test_a_clock_that_is_known_to_be_wrong(tmp_path, shim, ahead):
    authority, stranger = Authority(tmp_path / "ca"), Authority(tmp_path / "other", "Other CA")
    servers = {
        "good": authority.sign("broker"),
        "authority": stranger.sign("broker"),
        "host": authority.sign("portal", "portal.example"),
        "long ago": authority.sign("old", ends=NOW - timedelta(days=3650)),
    }
    got = {name: told(tmp_path / name, shim, ahead, False, authority, files) for name, files in servers.items()}
    assert got == {
        "good": ("connected", None, True),
        "authority": ("down", "tls-ca", False),
        "host": ("down", "tls-host", False),
        "long ago": ("down", "tls-date", False),
    }


def test_a_clock_that_is_right_and_a_certificate_that_has_expired(tmp_path, shim):
    authority = Authority(tmp_path / "ca")
    files = authority.sign("broker")
    assert told(tmp_path / "now", shim, 0.0, True, authority, files) == ("connected", None, True)
    assert told(tmp_path / "later", shim, 2 * YEAR, True, authority, files) == ("down", "tls-date", False)
