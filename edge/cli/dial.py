"""A connection to a broker for a person at a terminal: who to call, and what comes in."""

import argparse
import ipaddress
import ssl
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, NamedTuple

from edge.cli import exits
from edge.uplink.paho import CallbackAPIVersion, PacketTypes, Properties, mqtt

CONNECT = 10.0  # seconds
KEEPALIVE = 60


class Message(NamedTuple):
    """One that came, with its MQTT 5 user properties."""

    topic: str
    payload: bytes
    properties: dict[str, str]
    retained: bool


def add_broker(to: argparse.ArgumentParser) -> None:
    """The options that say which broker, and as whom."""
    to.add_argument("--broker", default="127.0.0.1", metavar="HOST[:PORT]", help="default: 127.0.0.1")
    to.add_argument("--username", default="", help="the name the broker knows you by")
    to.add_argument("--password-file", type=Path, metavar="FILE", help="its first line is the password")
    to.add_argument("--ca-file", type=Path, metavar="FILE", help="who signed the broker's certificate")
    to.add_argument("--insecure-plaintext", action="store_true", help="no TLS towards another machine")
    to.add_argument("--topic", default="edge/{node}/{channel}", help="default: %(default)s")


class Line:
    """A session of MQTT 5. Use it in a ``with``; messages that come are taken with ``next``."""

    def __init__(self, args: argparse.Namespace, name: str, *, keep: bool = False) -> None:
        """``name`` is the client id; with ``keep`` the broker holds the session for a day while nobody is there."""
        host, _, port = args.broker.rpartition(":") if args.broker.count(":") == 1 else (args.broker, "", "")
        self._plain = args.insecure_plaintext or _loopback(host)
        self._host, self._port = host, _number(port, 1883 if self._plain else 8883)
        self._came: SimpleQueue[Message] = SimpleQueue()
        self._ready: SimpleQueue[str | None] = SimpleQueue()
        self._topics: list[str] = []
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=mqtt.MQTTv5)
        self._client.on_connect, self._client.on_message = self._connected, self._take
        self._client.on_connect_fail = lambda *_: self._ready.put("no connection")
        self._session = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        self._session.SessionExpiryInterval = 86_400 if keep else 0
        self._keep = keep
        if args.username:
            password = args.password_file.read_text("utf-8").splitlines()[0] if args.password_file else None
            self._client.username_pw_set(args.username, password)
        if not self._plain:
            self._client.tls_set_context(ssl.create_default_context(cafile=args.ca_file))

    def __enter__(self) -> "Line":
        """Connects. Raises ``Failure`` with a remedy."""
        try:
            self._client.connect(
                self._host, self._port, KEEPALIVE, clean_start=not self._keep, properties=self._session
            )
        except OSError as error:
            raise self._failure(str(error)) from None
        self._client.loop_start()
        try:
            trouble = self._ready.get(timeout=CONNECT)
        except Empty:
            trouble = f"it does not answer as an MQTT broker within {CONNECT:.0f} s"
        if trouble:
            self._client.loop_stop()
            raise self._failure(trouble)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def subscribe(self, topic: str) -> None:
        """From now on messages of this topic come in, also after the connection was lost and is back."""
        self._topics.append(topic)
        self._client.subscribe(topic, qos=1)

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
            return self._came.get(timeout=seconds)
        except Empty:
            return None

    def _connected(self, client: Any, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        for topic in self._topics:
            client.subscribe(topic, qos=1)
        self._ready.put(f"it refuses: {reason}" if reason.is_failure else None)

    def _take(self, client: Any, userdata: Any, message: Any) -> None:
        properties = dict(getattr(message.properties, "UserProperty", ()))
        self._came.put(Message(message.topic, bytes(message.payload), properties, message.retain))

    def _failure(self, why: str) -> exits.Failure:
        how = "without TLS" if self._plain else "with TLS"
        what = f"no broker for us at {self._host}:{self._port} ({how}): {why}"
        return exits.Failure(f"{what}. Do: look at --broker, --username, --ca-file", exits.UNAVAILABLE)


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
