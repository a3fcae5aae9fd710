"""TLS: eight bad servers are refused before a password goes out, whatever the clock says; renewals need no restart."""

import os
import socket
import ssl
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from edge.clock import BUILT, Anchor, Clock
from edge.errors import UplinkDown
from edge.settings import UplinkSettings
from edge.uplink import certificate
from edge.uplink.mqtt import MqttUplink
from edge.uplink.patience import Patience
from edge.uplink.places import Places
from tests.certificates import NOW, Authority, server
from tests.hostile import HTTP, Hostile

pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion")  # that is what some of these servers are bad for

CALM = Patience()  # the node's own
YEAR = timedelta(days=365)
BUILD = datetime.fromtimestamp(BUILT / 1e9, UTC)


class Wall:
    """A clock that is synchronised, or says that it is not."""

    def __init__(self, error=0.01):
        self._error = error

    def utc(self):
        return int(NOW.timestamp() * 1e9)

    def error(self):
        return self._error


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


def made(port, authority, clock=None, patience=CALM, **more):
    settings = UplinkSettings("city", "mqtt", "localhost", port, ca_file=str(authority.file), **more)
    return MqttUplink(settings, "N", lambda online: b"{}", clock or Clock(Wall()), (), patience)


def without_names(port, authority):
    """An uplink of a node that came back while the name service is dead, and kept where its broker was."""

    def lookup(host, port):
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    settings = UplinkSettings("city", "mqtt", "broker.example", port, ca_file=str(authority.file))
    places = Places({f"broker.example:{port}": "127.0.0.1"}, lookup)
    return MqttUplink(settings, "N", lambda online: b"{}", Clock(Wall()), (), CALM, places)


def refused(port, authority, clock=None, **more):
    with pytest.raises(UplinkDown) as caught:
        uplink = made(port, authority, clock, **more)
        uplink.connect()
        for _ in range(40):  # in TLS 1.3 the server judges the client after the handshake
            uplink.poll(0.05)
    assert caught.value.remedy
    return caught.value.state


def accepted(port, authority, clock=None, **more):
    uplink = made(port, authority, clock, **more)
    uplink.connect()
    uplink.close()


def contexts(authority, folder):
    """The bad servers that speak TLS, each with the word for it."""
    good = authority.sign("broker")
    old = server(good)
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    bare = server(good)
    bare.maximum_version = ssl.TLSVersion.TLSv1_2
    bare.set_ciphers("eNULL:@SECLEVEL=0")
    stranger = Authority(folder / "other", "Other CA")
    lone = Authority(folder / "lone", "localhost")
    return {
        "wrong authority": (server(stranger.sign("broker")), "tls-ca"),
        "wrong host": (server(authority.sign("other", "portal.example")), "tls-host"),
        "self-signed": (server(lone.sign("localhost")), "tls-ca"),
        "expired": (server(authority.sign("old", ends=NOW - timedelta(seconds=1))), "tls-date"),
        "not yet valid": (server(authority.sign("new", since=YEAR, ends=NOW + 3 * YEAR)), "tls-date"),
        "TLS 1.1": (old, "tls-version"),
        "no encryption": (bare, "tls-version"),
    }


def test_bad_servers_are_refused_and_hear_nothing(authority, tmp_path):
    told = {}
    for name, (context, state) in contexts(authority, tmp_path).items():
        with Hostile(context=context) as broker:
            told[name] = (refused(broker.port, authority), state)
            assert broker.versions == [], name
    assert {name: got for name, (got, _) in told.items()} == {name: state for name, (_, state) in told.items()}


def test_an_address_that_was_kept_leads_to_the_broker_and_proves_nothing(authority):
    with Hostile(context=server(authority.sign("named", "broker.example"))) as broker:
        uplink = without_names(broker.port, authority)
        uplink.connect()
        uplink.close()
        assert broker.versions
    with Hostile(context=server(authority.sign("stranger", "portal.example"))) as other:
        with pytest.raises(UplinkDown) as caught:
            without_names(other.port, authority).connect()
        assert caught.value.state == "tls-host" and other.versions == []


@pytest.mark.parametrize(
    ("answer", "state"), [(b"\x20\x02\x00\x00\xd0\x00", "tls-plain"), (HTTP, "portal"), (b"", "tls")]
)
def test_a_server_without_tls_is_refused(authority, answer, state):
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        heard = []

        def serve():
            sock, _ = listener.accept()
            heard.append(sock.recv(4096))
            sock.sendall(answer)
            sock.close()

        thread = threading.Thread(target=serve)
        thread.start()
        assert refused(listener.getsockname()[1], authority) == state
        thread.join()
    assert heard[0][0] == 0x16  # a ClientHello and nothing else


def test_a_server_that_says_nothing_is_left(authority):
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        assert refused(listener.getsockname()[1], authority, patience=CALM._replace(tls=0.3)) == "tls"


def unsynchronised(*anchors):
    return Clock(Wall(error=None), boot="now", anchors=anchors)


@pytest.mark.parametrize(
    ("since", "ends"),
    [(YEAR, NOW + 60 * YEAR), (20 * YEAR, NOW + 60 * YEAR), (-YEAR, NOW - timedelta(seconds=1))],
    ids=["the clock is at the build date less a year", "the clock is at 1970", "the clock is 20 years ahead"],
)
def test_a_wrong_clock_that_is_known_to_be_wrong_keeps_nobody_out(authority, since, ends):
    """What a clock makes of a certificate is the same whether the clock or the certificate is moved."""
    with Hostile(context=server(authority.sign("moved", since=since, ends=ends))) as broker:
        accepted(broker.port, authority, unsynchronised())
        assert refused(broker.port, authority) == "tls-date"


def test_a_wrong_clock_lets_nobody_in(authority, tmp_path):
    for name in ("wrong authority", "wrong host", "self-signed", "TLS 1.1", "no encryption"):
        context, state = contexts(authority, tmp_path)[name]
        with Hostile(context=context) as broker:
            assert refused(broker.port, authority, unsynchronised()) == state


def test_what_expired_before_the_floor_is_refused_by_any_clock(authority):
    with Hostile(context=server(authority.sign("old", ends=BUILD - timedelta(days=1)))) as broker:
        assert refused(broker.port, authority, unsynchronised()) == "tls-date"
        assert broker.versions == []
    known = Anchor("earlier", 0, int((NOW + YEAR).timestamp() * 1e9), "ntp", 0.01)
    with Hostile(context=server(authority.sign("short", ends=NOW + YEAR / 2))) as broker:
        accepted(broker.port, authority, unsynchronised())
        assert refused(broker.port, authority, unsynchronised(known)) == "tls-date"


def test_a_receiver_that_knows_the_date_is_asked_before_the_kernel(authority):
    clock = unsynchronised()
    clock.offer(Anchor("now", clock.now().ticks, int((NOW + 2 * YEAR).timestamp() * 1e9), "gnss", 1.0))
    with Hostile(context=server(authority.sign("later", since=YEAR, ends=NOW + 3 * YEAR))) as broker:
        accepted(broker.port, authority, clock)
    with Hostile(context=server(authority.sign("much-later", since=3 * YEAR, ends=NOW + 4 * YEAR))) as broker:
        assert refused(broker.port, authority, clock) == "tls-date"


def test_the_node_shows_its_certificate_and_renews_it_without_a_restart(authority, tmp_path):
    mine, stranger = authority.sign("node"), Authority(tmp_path / "other", "Other CA").sign("node")
    with Hostile(context=server(authority.sign("broker"), clients=authority.file)) as broker:
        assert refused(broker.port, authority) == "tls-client"
        for path, other in zip(mine, stranger, strict=True):
            (tmp_path / path.name).write_bytes(other.read_bytes())
            (tmp_path / path.name).chmod(0o600)
        files = {"cert_file": str(tmp_path / "node.pem"), "key_file": str(tmp_path / "node.key")}
        assert refused(broker.port, authority, **files) == "tls-client"
        uplink = made(broker.port, authority, **files)
        for path in mine:
            (tmp_path / path.name).write_bytes(path.read_bytes())
        uplink.connect()
        uplink.close()
        for path in mine:
            (tmp_path / path.name).write_bytes(b"broken")
        with pytest.raises(UplinkDown) as caught:
            uplink.connect()
    assert caught.value.state == "secret"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_secret_that_others_may_read_is_not_used(authority, tmp_path, mode):
    password, (cert, key) = tmp_path / "password", authority.sign("node")
    password.write_text("s3cret\n")
    with Hostile(context=server(authority.sign("broker"))) as broker:
        password.chmod(mode)
        with pytest.raises(UplinkDown) as caught:
            made(broker.port, authority, username="N", password_file=str(password)).connect()
        assert (caught.value.state, caught.value.remedy) == ("secret", f"chmod 600 {password}")
        key.chmod(mode)
        assert refused(broker.port, authority, cert_file=str(cert), key_file=str(key)) == "secret"
        assert broker.versions == []
        password.chmod(0o600)
        key.chmod(0o600)
        more = {"username": "N", "password_file": str(password), "cert_file": str(cert), "key_file": str(key)}
        accepted(broker.port, authority, **more)


def test_a_credential_of_systemd_is_used_as_it_is(authority, tmp_path, monkeypatch):
    monkeypatch.setitem(os.environ, "CREDENTIALS_DIRECTORY", str(tmp_path))
    with Hostile(context=server(authority.sign("broker"))) as broker:
        assert refused(broker.port, authority, username="N") == "secret"
        (tmp_path / "city-password").write_text("s3cret")
        (tmp_path / "city-password").chmod(0o440)
        accepted(broker.port, authority, username="N")


def test_a_certificate_that_ends_soon_is_told_once_a_day(authority):
    told, now = [], [0.0]
    expiry = certificate.Expiry("city", lambda kind, **fields: told.append((kind, fields)), lambda: now[0])
    own, _ = authority.sign("node", ends=NOW + timedelta(days=400))
    with Hostile(context=server(authority.sign("broker", ends=NOW + timedelta(days=20, hours=1)))) as broker:
        uplink = made(broker.port, authority, cert_file=str(own), key_file=str(own.with_suffix(".key")))
        uplink.expiry = expiry
        uplink._clock.check()
        uplink.connect()
        for now[0] in (0.0, 3600.0, 86_399.0, 86_401.0):
            uplink.poll(0.0)
        assert told == [("certificate", {"destination": "city", "whose": "broker", "days": 20})] * 2
        authority.sign("node", ends=NOW + timedelta(days=3, hours=1))  # somebody put a short one there
        now[0] = 200_000.0
        uplink.poll(0.0)
        uplink.close()
    assert told[2:] == [
        ("certificate", {"destination": "city", "whose": whose, "days": days})
        for whose, days in (("broker", 20), ("node", 3))
    ]
