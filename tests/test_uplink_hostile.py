"""The MQTT uplink against brokers that lie, break and go silent: each is named, nothing is lost or refused wrongly."""

import json
import time

import pytest

from edge.clock import Clock
from edge.errors import Refused, UplinkDown
from edge.settings import UplinkSettings
from edge.uplink.mqtt import MqttUplink
from edge.uplink.patience import Patience
from edge.uplink.reasons import PAUSE, REASONS, Does
from edge.uplink.states import STATES
from tests.broker import Lab, needs_mosquitto
from tests.hostile import Hostile, packet
from tests.waiting import PATIENCE, until

CALM = Patience()  # where every answer comes: the node's own, so that a busy machine is taken for no silence
SHORT = 0.3  # seconds of a patience that is to end; all the others stay calm
PACK = json.dumps([{"bn": "urn:dev:ops:N/", "bsq": 1, "n": "air/temperature", "v": 21.0}]).encode()
ABOUT = {"node": "N", "lane": "live"}


@pytest.fixture
def broker():
    with Hostile(hasty=True) as broker:
        yield broker


def made(broker, *, inbound=(), patience=CALM, **more):
    settings = UplinkSettings("city", "mqtt", "127.0.0.1", broker.port, **{"tls": False, **more})
    return MqttUplink(settings, "N", lambda online: b"online" if online else b"offline", Clock(), inbound, patience)


def worked(uplink, messages=1):
    """Connects, sends, and gives the acknowledgements, as many as there are messages."""
    uplink.connect()
    for _ in range(messages):
        uplink.send("readings", PACK, ABOUT)
    return polled(uplink, messages)


def polled(uplink, count, seconds=PATIENCE):
    acks, end = [], time.monotonic() + seconds
    while len(acks) < count and time.monotonic() < end:
        acks += uplink.poll(0.05)
    return acks


def ended(uplink, messages=1):
    """How a session ends."""
    with pytest.raises(UplinkDown) as caught:
        worked(uplink, messages)
        polled(uplink, 1)
    uplink.close()
    return caught.value


def test_what_the_network_has_carried_is_known_without_a_word_of_the_broker(broker):
    broker.mode = "never-acks"
    uplink = made(broker)
    with pytest.raises(UplinkDown):
        uplink.unsent()
    uplink.connect()
    uplink.send("readings", PACK, ABOUT)
    until(lambda: uplink.unsent() == 0)
    assert uplink.poll(0.0) == []
    uplink.close()


@pytest.mark.parametrize(
    ("mode", "state"),
    [
        ("hangs-up", "closed"),
        ("huge", "protocol"),
        ("just-too-large", "protocol"),
        ("endless-length", "protocol"),
        ("garbage", "protocol"),
        ("flood", "protocol"),
        ("http", "portal"),
        ("page", "portal"),
        ("wrong-version", "protocol"),
        ("taken-over", "taken-over"),
    ],
)
def test_every_kind_of_bad_broker_has_a_name(broker, mode, state):
    broker.mode = mode
    error = ended(made(broker))
    assert error.state == state, error
    assert error.remedy and str(broker.port) in str(error)


@pytest.mark.parametrize(
    ("mode", "state", "patience"),
    [
        ("never-acks", "silent", CALM._replace(ack=SHORT)),
        ("loris", "protocol", CALM._replace(packet=SHORT)),
        ("silent", "no-answer", CALM._replace(connack=SHORT)),
    ],
)
def test_every_kind_of_silence_has_a_name(broker, mode, state, patience):
    broker.mode = mode
    assert ended(made(broker, patience=patience)).state == state


@pytest.mark.parametrize("seed", range(1, 30))
def test_no_garbage_gets_further_than_the_guard(broker, seed):
    broker.mode, broker.seed = "garbage", seed
    assert ended(made(broker)).state in ("protocol", "closed")


@pytest.mark.parametrize("mode", ["out-of-order", "doubles", "unknown-ids", "slow"])
def test_odd_acknowledgements_release_what_they_name_and_nothing_else(broker, mode):
    broker.mode = mode
    uplink = made(broker)
    uplink.connect()
    tokens = [uplink.send("readings", PACK, ABOUT) for _ in range(8)]
    acks = polled(uplink, 8)
    assert sorted(ack.token for ack in acks) == tokens
    assert {ack.refused for ack in acks} == {None}
    assert polled(uplink, 1, seconds=0.2) == []
    uplink.close()


def test_a_slow_link_is_no_silence():
    with Hostile("reads-slowly", hasty=True) as broker:
        uplink = made(broker, patience=CALM._replace(ack=SHORT))
        uplink.connect()
        begun = time.monotonic()
        uplink.send("readings", PACK[:-1] + b" " * 300_000 + b"]", ABOUT)
        assert len(polled(uplink, 1)) == 1
        assert time.monotonic() - begun > 2 * SHORT
        broker.mode = "good"
        uplink.close()


def test_an_acknowledgement_of_the_future_releases_nothing(broker):
    broker.mode = "never-acks"
    uplink = made(broker)
    uplink.connect()
    first = uplink.send("readings", PACK, ABOUT)
    broker.send(b"".join(packet(0x40, number.to_bytes(2, "big")) for number in range(first + 1, 200)))
    assert polled(uplink, 1, seconds=0.2) == []
    uplink.close()


@pytest.mark.parametrize("code", sorted(code for code in REASONS if code >= 0x80))
def test_every_refusal_of_a_connection_is_in_the_table(broker, code):
    broker.mode = f"connack {code:02x}"
    error = ended(made(broker))
    known = {*range(0x80, 0x8B), 0x8C, 0x90, 0x95, 0x97, *range(0x9A, 0x9E), 0x9F}  # 3.2.2.2; paho has no 0x99
    assert error.state == REASONS[code].state or code not in known, error
    assert error.state in STATES
    if code in known:
        assert error.pause == PAUSE.get(REASONS[code].does, 0.0)


@pytest.mark.parametrize("code", [0x80, 0x83, 0x87, 0x90, 0x91, 0x97])
def test_a_message_refused_for_now_is_kept(broker, code):
    broker.mode = f"puback {code:02x}"
    error = ended(made(broker))
    assert (error.state, error.pause) == (REASONS[code].state, PAUSE.get(REASONS[code].does, 0.0))


@pytest.mark.parametrize(("code", "refused"), [(0x00, None), (0x10, None), (0x99, "payload format invalid")])
def test_a_message_taken_or_refused_for_ever_is_settled(broker, code, refused):
    broker.mode = f"puback {code:02x}"
    uplink = made(broker)
    assert [ack.refused for ack in worked(uplink)] == [refused]
    uplink.close()


@pytest.mark.parametrize("code", range(256))
def test_no_byte_in_place_of_a_reason_hurts(broker, code):
    """Every value of a byte, most of them not in MQTT, as the reason of a PUBACK."""
    broker.mode = f"puback {code:02x}"
    uplink = made(broker)
    try:
        settled = [ack.refused for ack in worked(uplink)]
    except UplinkDown as error:
        assert error.state in STATES
    else:
        assert code in (0x00, 0x10, 0x99) and len(settled) == 1
    uplink.close()


@pytest.mark.parametrize("code", sorted(code for code in REASONS if code not in (0x10, 0x84, 0x85, 0x86, 0x8A, 0x8C)))
def test_every_goodbye_of_a_broker_has_a_name(broker, code):
    broker.mode = f"disconnect {code:02x}"
    error = ended(made(broker))
    assert error.state in {REASONS[code].state or "closed", "protocol"}
    if code == 0x8E:
        assert (error.state, error.pause) == ("taken-over", 60.0)


@pytest.mark.parametrize("mode", ["only3", "hangs-up-on-5"])
def test_a_broker_without_mqtt_5_is_spoken_to_in_3(broker, mode):
    broker.mode = mode
    uplink = made(broker)
    assert len(worked(uplink)) == 1
    assert broker.versions == [5, 4]
    uplink.close()
    assert len(worked(uplink)) == 1
    assert broker.versions == [5, 4, 4]  # it remembers
    uplink.close()


def test_where_neither_version_works_they_take_turns(broker):
    broker.mode = "wrong-version"
    uplink = made(broker)
    assert {str(ended(uplink).state) for _ in range(3)} == {"protocol"}
    assert broker.versions == [5, 4, 5, 4]
    broker.mode = "only3"
    assert len(worked(uplink)) == 1  # one that says that it has no 5 costs no turn
    assert broker.versions[4:] == [5, 4]
    uplink.close()


@pytest.mark.parametrize("mode", ["good", "only3"])
def test_two_nodes_with_one_id_come_to_rest_without_a_word_from_the_broker(broker, mode):
    uplink, pauses = made(broker), []
    for _ in range(3):
        broker.mode = mode
        uplink.connect()
        broker.mode = "hangs-up"
        with pytest.raises(UplinkDown) as caught:
            uplink.send("readings", PACK, ABOUT)
            polled(uplink, 1)
        pauses.append(caught.value.pause)
    assert pauses == [0.0, 0.0, 60.0]
    assert "another client" in str(caught.value)


def test_the_limits_of_the_broker_are_kept(broker):
    broker.properties = b"\x21\x00\x01" + b"\x27\x00\x00\x01\x00" + b"\x13\x00\x01"  # one at a time, 256 bytes, 1 s
    broker.mode = "slow"
    uplink = made(broker)
    uplink.connect()
    assert (uplink.window, uplink.largest) == (1, 256)
    for _ in range(3):  # the window does not bind alarms, the connection does
        uplink.send("readings", PACK, ABOUT | {"boot": "b" * 200})
    assert len(polled(uplink, 3)) == 3
    assert max(broker.sizes) <= 254
    with pytest.raises(Refused):
        uplink.send("readings", bytes(250), {})
    until(lambda: uplink.poll(0.1) or broker.pings)  # it asked for one a second
    uplink.close()


def test_a_broker_that_takes_nothing_gets_one_message_at_a_time_until_it_does(broker):
    uplink, windows = made(broker), []
    for broker.mode in ("good", "hangs-up", "hangs-up", "connack 88", "good", "good"):
        try:
            uplink.connect()
            windows.append(uplink.window)
            uplink.send("readings", PACK, ABOUT)
            polled(uplink, 1)
            windows.append(uplink.window)
        except UplinkDown:
            continue
    assert windows == [16, 16, 16, 1, 1, 16, 16, 16]
    uplink.close()


def test_a_topic_goes_once_and_then_as_a_number(broker):
    uplink = made(broker)
    assert len(worked(uplink, 3)) == 3
    readings = [size for size, channel in zip(broker.sizes, broker.heard, strict=True) if channel == "readings"]
    assert readings == [readings[1] + len("edge/N/readings"), readings[1], readings[1]]
    uplink.close()


def test_a_broker_that_dislikes_aliases_gets_none(broker):
    uplink = made(broker)
    broker.mode = "disconnect 94"
    ended(uplink)
    broker.mode = "good"
    assert len(worked(uplink, 2)) == 2
    assert not any(properties.startswith(b"\x23") for properties in broker.properties_seen[-2:])
    uplink.close()


def test_what_was_too_large_comes_smaller(broker):
    broker.mode = "limit 3000"
    uplink = made(broker)
    uplink.connect()
    uplink.send("readings", PACK[:-1] + b" " * 5000 + b"]", ABOUT)
    with pytest.raises(UplinkDown) as caught:
        polled(uplink, 1)
    assert caught.value.state == "too-large"
    uplink.connect()
    assert uplink.largest is not None and 2000 < uplink.largest < 3000
    assert len(polled(uplink, 0) or worked(uplink)) == 1
    uplink.close()


def test_a_broker_without_qos_1_or_retained_messages(broker):
    broker.properties = b"\x24\x00"
    assert ended(made(broker)).state == "no-qos1"
    broker.properties = b"\x25\x00"
    uplink = made(broker)
    assert len(worked(uplink)) == 1
    uplink.close()


def test_what_comes_in_is_told_by_channel_and_nothing_else_is_taken(broker):
    uplink = made(broker, inbound=("receipt",))
    assert len(worked(uplink)) == 1
    for topic in (b"edge/N/receipt", b"edge/N/command", b"edge/M/receipt"):
        broker.send(packet(0x30, len(topic).to_bytes(2, "big") + topic + b"\0" + b'{"upto": 1}'))
    got = []
    until(lambda: uplink.poll(0.05) or got.extend(uplink.inbox()) or got)
    polled(uplink, 1, seconds=0.1)
    assert [*got, *uplink.inbox()] == [("receipt", b'{"upto": 1}')]
    uplink.close()


def test_an_idle_link_that_answers_no_ping_is_found(broker):
    uplink = made(broker, patience=CALM._replace(idle=1.0))
    uplink.connect()
    broker.mode = "silent"
    with pytest.raises(UplinkDown) as caught:
        polled(uplink, 1)
    assert caught.value.state == "lost"


def test_every_state_has_a_remedy_and_every_reason_a_state():
    assert {row.state for row in REASONS.values()} - {""} <= STATES.keys()
    assert all(row.state for row in REASONS.values() if row.does is not Does.TAKE)
    assert all(state.meaning and state.remedy for state in STATES.values())


@pytest.mark.broker
@needs_mosquitto
def test_two_nodes_with_one_id_at_a_real_broker(tmp_path):
    pauses = []
    with Lab(tmp_path) as lab:
        port = lab.broker()
        one, other = made(port), made(port)
        for _ in range(3):
            one.connect()
            other.connect()
            with pytest.raises(UplinkDown) as caught:
                polled(one, 1)
            pauses.append(caught.value.pause)
        assert len(worked(other)) == 1
        other.close()
    assert pauses[-1] == 60.0
    assert "N-city" in str(caught.value) + caught.value.remedy


def test_a_broker_that_is_started_again_and_again_is_no_fight():
    with Hostile() as first:
        uplink = made(first)
    for _ in range(4):
        with Hostile(port=first.port):
            uplink.connect()
        with pytest.raises(UplinkDown) as caught:
            polled(uplink, 1)
        assert caught.value.pause == 0.0
        with pytest.raises(UplinkDown):  # nobody there yet
            uplink.connect()
