"""The brokers of a cluster: whichever fails, in whatever way, the next one has its turn; the same for a receiver."""

import argparse
import json

import pytest

from edge.cli.dial import Line, add_broker
from edge.clock import Clock
from edge.errors import UplinkDown
from edge.settings import UplinkSettings, load
from edge.uplink.mqtt import MqttUplink
from edge.uplink.patience import Patience
from tests.broker import Mosquitto, free_port, needs_mosquitto, until
from tests.hostile import Hostile

SHORT = Patience(connack=1.0, ack=1.0)  # where a silence is to be noticed


@pytest.fixture
def pair():
    """Two brokers at two addresses, with one port."""
    with Hostile(hasty=True) as first, Hostile(hasty=True, port=first.port, address="127.0.0.2") as second:
        yield first, second


def uplink(port, *hosts):
    settings = UplinkSettings("city", "mqtt", hosts[0], port, hosts, tls=False)
    return MqttUplink(settings, "N", lambda online: b"{}", Clock(), (), SHORT)


def fails(uplink):
    with pytest.raises(UplinkDown) as caught:
        work(uplink)
    return str(caught.value)


def work(uplink):
    """Connects and sends a message; gives its acknowledgement."""
    uplink.connect()
    uplink.send("readings", b'[{"bsq":1}]', {})
    while not (acks := uplink.poll(0.05)):
        pass
    return acks


@pytest.mark.parametrize("mode", ["silent", "connack 88", "never-acks", "hangs-up", "garbage", "http"])
def test_after_any_failure_it_is_the_next_ones_turn(pair, mode):
    first, second = pair
    first.mode = mode
    node = uplink(first.port, "127.0.0.1", "127.0.0.2")
    assert fails(node).startswith(f"127.0.0.1:{first.port}")
    assert work(node) and second.connects
    node.close()


def test_who_works_is_kept_and_all_are_tried_again(pair):
    first, second = pair
    node = uplink(first.port, "127.0.0.3", "127.0.0.1", "127.0.0.2")
    assert "127.0.0.3" in fails(node)
    for _ in range(3):
        node.connect()
    assert len(first.connects) == 3 and not second.connects
    first.mode = second.mode = "connack 97"
    assert ["127.0.0.1" in fails(node), "127.0.0.2" in fails(node), "127.0.0.3" in fails(node)] == [True] * 3
    first.mode = "good"
    assert work(node)
    node.close()


def test_hosts_of_a_configuration(tmp_path):
    (tmp_path / "edge.toml").write_text('[node]\nid = "N"\n[[uplink]]\nhosts = ["a.example", "b.example"]\n')
    (found,) = load(tmp_path / "edge.toml").uplinks
    assert (found.host, found.hosts) == ("a.example", ("a.example", "b.example"))


def line(brokers, name="centre"):
    words = argparse.ArgumentParser()
    add_broker(words)
    return Line(words.parse_args(["--broker", brokers]), name, keep=True)


@pytest.mark.parametrize("mode", ["only3", "hangs-up-on-5"])
def test_a_receiver_speaks_3_where_there_is_no_5(mode):
    with Hostile(mode, hasty=True) as broker, line(f"127.0.0.1:{broker.port}"):
        assert broker.versions[0] == 5 and broker.versions[-1] == 4


@needs_mosquitto
def test_a_receiver_goes_to_the_next_broker_and_takes_what_was_held_there(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    brokers = [Mosquitto(tmp_path / name, persistent=True) for name in ("a", "b")]
    places = ",".join(f"127.0.0.1:{port}" for port in (free_port(), *(broker.port for broker in brokers)))
    try:
        for broker in brokers:
            broker.start()
        with line(places) as centre, line(f"127.0.0.1:{brokers[1].port}", "node") as node:
            centre.subscribe("edge/#")
            brokers[0].stop()

            def came():
                node.post("edge/N/event", json.dumps({"event": "test"}).encode())
                return centre.next(0.2)

            assert until(came).topic == "edge/N/event"
    finally:
        for broker in brokers:
            broker.kill()


@needs_mosquitto
def test_what_was_not_acknowledged_comes_again(tmp_path):
    broker = Mosquitto(tmp_path)
    broker.start()
    try:
        with line(f"127.0.0.1:{broker.port}") as centre:
            centre.subscribe("t")
            centre.publish("t", b"1")
            assert centre.next(5).payload == b"1"
            centre.acknowledge()
            centre.publish("t", b"2")
            assert centre.next(5).payload == b"2"
        with line(f"127.0.0.1:{broker.port}") as centre:
            assert centre.next(5).payload == b"2"
            assert centre.next(0.2) is None
    finally:
        broker.kill()


def test_after_both_versions_failed_one_that_says_it_has_no_5_costs_no_turn(pair):
    first, second = pair
    first.mode, second.mode = "silent", "only3"
    node = uplink(first.port, "127.0.0.1", "127.0.0.2")
    fails(node)
    assert work(node) and second.versions == [5, 4]
    node.close()
