"""A connection to a broker for a person at a terminal: who to call, and what comes in."""

import argparse
import ipaddress
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, NamedTuple

from edge.cli import exits
from edge.uplink.paho import CallbackAPIVersion, PacketTypes, Properties, mqtt

CONNECT = 10.0  # seconds
KEEPALIVE = 60
TOPIC = "edge/{node}/{channel}"
LONGEST = 8  # seconds between two tries to come back


class Message(NamedTuple):
    """One that came, with its MQTT 5 user properties."""

    topic: str
    payload: bytes
    properties: dict[str, str]
    retained: bool


class Arrival(NamedTuple):
    """What acknowledges a message: the connection it came on, the number it had there, and its QoS."""

    connection: int
    number: int
    qos: int


def add_broker(to: argparse.ArgumentParser) -> None:
    """The options that say which broker, and as whom."""
    to.add_argument("--broker", default="127.0.0.1", metavar="HOST[:PORT],...",
                    help="default: 127.0.0.1; of a cluster several, tried in turn")  # fmt: skip
    to.add_argument("--username", default="", metavar="NAME", help="the name the broker knows you by")
    to.add_argument("--password-file", type=Path, metavar="FILE", help="its first line is the password")
    to.add_argument(
        "--ca-file", type=Path, metavar="FILE", help="who signed the broker's certificate; TLS to this machine, too"
    )
    to.add_argument("--insecure-plaintext", action="store_true", help="no TLS towards another machine")
    to.add_argument("--topic", default=TOPIC, help="default: %(default)s")


class Line:
    """A session of MQTT 5, or 3.1.1 where the broker has no 5. Use it in a ``with``; ``next`` takes what comes.

    A connection that is lost comes back by itself, at the next broker where there are several.
    """

    def __init__(self, args: argparse.Namespace, name: str, *, keep: bool = False) -> None:
        """``name`` is the client id; with ``keep`` the broker holds the session while nobody is there.

        It does so for a day (MQTT 3.1.1: as long as it likes), and each message until ``acknowledge``.
        """
        self._args, self._name, self._keep = args, name, keep
        self._plain = not args.ca_file and (
            args.insecure_plaintext or all(_loopback(_split(place)[0]) for place in args.broker.split(","))
        )
        self._places = deque(_places(args.broker, 1883 if self._plain else 8883))
        self._came: SimpleQueue[tuple[Arrival, Message]] = SimpleQueue()
        self._ready: SimpleQueue[str | None] = SimpleQueue()
        self._topics: list[str] = []
        self._subscribed: SimpleQueue[tuple[int, Sequence[Any]]] = SimpleQueue()
        self._taken: list[Arrival] = []
        self._connections = 0
        self._client = self._made(mqtt.MQTTv5)

    def __enter__(self) -> "Line":
        """Connects. Raises ``Failure`` with a remedy."""
        troubles = []
        for _ in range(len(self._places)):
            for version in (mqtt.MQTTv5, mqtt.MQTTv311):
                if (trouble := self._trouble(version)) is None:
                    return self
                troubles.append(trouble)
            self._places.rotate(-1)
        raise self._failure(troubles[0])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def subscribe(self, topic: str) -> None:
        """From now on messages of this topic come in, also after the connection was lost and is back.

        Raises ``Failure`` where the broker does not allow it.
        """
        self._topics.append(topic)
        _, number = self._client.subscribe(topic, qos=1)
        answer, end = None, time.monotonic() + CONNECT
        while answer is None and (left := end - time.monotonic()) > 0:
            with suppress(Empty):
                answered, codes = self._subscribed.get(timeout=left)
                answer = codes if answered == number else None
        if answer is None or any(code.is_failure for code in answer):
            raise self._failure(f"it does not let us listen to {topic}: {answer[0] if answer else 'no answer'}")

    def acknowledge(self) -> None:
        """All that ``next`` has given is kept: the broker may forget it."""
        taken, self._taken = self._taken, []
        for arrival in taken:
            if arrival.connection == self._connections:  # on a later one its number may be another message's
                self._client.ack(arrival.number, arrival.qos)

    def post(self, topic: str, payload: bytes) -> None:
        """Sends a message, now or when the connection is back."""
        self._client.publish(topic, payload, qos=1)

    def publish(self, topic: str, payload: bytes) -> None:
        """Sends a message and waits until the broker has it. Raises ``Failure``."""
        info = self._client.publish(topic, payload, qos=1)
        try:
            info.wait_for_publish(CONNECT)
        except (RuntimeError, ValueError) as error:
            raise self._failure(str(error)) from None
        if not info.is_published():
            raise self._failure(f"it has not acknowledged the message within {CONNECT:.0f} s")

    def next(self, seconds: float) -> Message | None:
        """The next message, None when there is none within so many seconds."""
        try:
            arrival, message = self._came.get(timeout=seconds)
        except Empty:
            return None
        if self._keep:
            self._taken.append(arrival)
        return message

    def _made(self, version: Any) -> mqtt.Client:
        session = self._keep if version == mqtt.MQTTv311 else None
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2, self._name, None if session is None else not session,
            protocol=version, manual_ack=self._keep,
        )  # fmt: skip
        client.on_connect, client.on_message = self._connected, self._take
        client.on_subscribe = lambda _, __, number, codes, ___: self._subscribed.put((number, codes))
        client.on_connect_fail, client.on_disconnect = self._turn, self._turn
        client.reconnect_delay_set(1, LONGEST)
        if self._args.username:
            client.username_pw_set(self._args.username, _password(self._args.password_file))
        if not self._plain:
            client.tls_set_context(_authorities(self._args.ca_file))
        return client

    def _trouble(self, version: Any) -> str | None:
        """What is wrong with the first place, None when it is connected."""
        self._client, self._ready = self._made(version), SimpleQueue()
        try:
            self._call(self._client.connect)
        except OSError as error:
            return error.strerror or str(error)
        self._client.loop_start()
        try:
            trouble = self._ready.get(timeout=CONNECT)
        except Empty:
            trouble = f"it does not answer as an MQTT broker within {CONNECT:.0f} s"
        if trouble:
            self._client.loop_stop()
        return trouble

    def _call(self, connect: Callable[..., Any]) -> None:
        host, port = self._places[0]
        five = self._client.protocol == mqtt.MQTTv5
        more = {"clean_start": not self._keep, "properties": self._wishes()} if five else {}
        connect(host, port, KEEPALIVE, **more)

    def _wishes(self) -> Properties:
        session = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        session.SessionExpiryInterval = 86_400 if self._keep else 0
        return session

    def _turn(self, client: mqtt.Client, *_: Any) -> None:
        """The connection failed or ended: the next try goes to the next place."""
        if not self._connections:
            self._ready.put("it closes the connection")
        elif len(self._places) > 1:
            self._places.rotate(-1)
            self._call(client.connect_async)

    def _connected(self, client: Any, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self._ready.put(f"it refuses: {reason}")
            return
        self._connections += 1
        for topic in self._topics:
            client.subscribe(topic, qos=1)
        self._ready.put(None)

    def _take(self, client: Any, userdata: Any, message: Any) -> None:
        properties = dict(getattr(message.properties, "UserProperty", ()))
        arrival = Arrival(self._connections, message.mid, message.qos)
        self._came.put((arrival, Message(message.topic, bytes(message.payload), properties, message.retain)))

    def _failure(self, why: str) -> exits.Failure:
        how = "without TLS" if self._plain else "with TLS"
        where = ", ".join(f"{host}:{port}" for host, port in self._places)
        what = f"no broker for us at {where} ({how}): {why}"
        return exits.Failure(f"{what}. Do: look at --broker, --username, --ca-file", exits.UNAVAILABLE)


def _places(text: str, default: int) -> Iterator[tuple[str, int]]:
    for place in text.split(","):
        host, port = _split(place)
        yield host, _number(port, default)


def _split(place: str) -> tuple[str, str]:
    """Host and port; an IPv6 address has more than one colon and no port."""
    host, _, port = place.strip().partition(":") if place.count(":") == 1 else (place.strip(), "", "")
    return host, port


def _password(file: Path | None) -> str | None:
    """The first line of a file."""
    try:
        return file.read_text("utf-8").partition("\n")[0].rstrip("\r") if file else None
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable("--password-file", file, error) from None


def _authorities(file: Path | None) -> ssl.SSLContext:
    """Whom to believe: those of a file, or of the system."""
    try:
        return ssl.create_default_context(cafile=file)
    except OSError as error:
        raise _unusable("--ca-file", file, error) from None


def _unusable(option: str, file: Path | None, error: Exception) -> exits.Failure:
    why = error.strerror if isinstance(error, OSError) else str(error)
    return exits.Failure(f"{option} {file} cannot be used: {why}. Do: ls -l {file}", exits.USAGE)


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _number(text: str, default: int) -> int:
    if not text:
        return default
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise exits.Failure(f"{text!r} is no port", exits.USAGE)
    return int(text)
