"""MQTT with paho as transport only: the queue is the outbox, the thread is the forwarder's.

QoS 1; MQTT 5, and 3.1.1 where the broker has no 5. Paho never holds more than the window, is driven by hand
(``loop_read``, ``loop_write``) and is made anew for each connection, so that it never resends on its own.
"""

import os
import select
import socket
import ssl
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from edge.errors import Refused, UplinkDown
from edge.settings.model import UplinkSettings
from edge.uplink.paho import CallbackAPIVersion, PacketTypes, Properties, mqtt
from edge.uplink.uplink import Ack

CONNECT = 10.0  # seconds for name, TCP, TLS and CONNACK together with each of their steps
SILENCE = 3.0  # seconds without CONNACK after which MQTT 3.1.1 is tried: some brokers wait for more of a CONNECT of 5
INBOX = 128_000  # bytes that wait to be read at most; what comes beyond them is dropped
ACK = 30.0  # seconds after which a message without acknowledgement means a dead link
KEEPALIVE = 60
USER_TIMEOUT = 15_000  # ms that data may stay unacknowledged by TCP
# PUBACK reason codes that no second try can mend (MQTT 5, 3.4.2.1): unspecified ones and quota are worth a retry
FOR_EVER = {0x90: "topic name invalid", 0x95: "packet too large", 0x99: "payload format invalid"}
TRY_5_AGAIN = 3600.0  # seconds after which a broker that had no MQTT 5 is asked for it once more
OTHER_VERSION = (0x01, 0x84)  # CONNACK: unacceptable or unsupported protocol version


class MqttUplink:
    """A broker."""

    def __init__(
        self, settings: UplinkSettings, node: str, status: Callable[[bool], bytes], inbound: Collection[str] = ()
    ) -> None:
        """``status(online)`` gives the retained birth and will message, ``inbound`` are the channels to listen to."""
        self._settings, self._node, self._status = settings, node, status
        self.window = settings.window
        self.largest: int | None = None
        self._version = mqtt.MQTTv5
        self._try_5_at = 0.0
        self._client: Any = None  # a paho client, from the first connection on
        self._other_version = False
        self._sent: dict[int, float] = {}  # when each message under way was sent
        self._acks: list[Ack] = []
        self._inbound = {self._topic(channel): channel for channel in inbound}
        self._received: list[tuple[str, bytes]] = []
        self._fate: UplinkDown | None = None
        self._connected = False
        self._waker, self._woken = socket.socketpair()
        self._waker.setblocking(False)
        self._woken.setblocking(False)

    def connect(self) -> None:
        """Connects and publishes the birth message; falls back to MQTT 3.1.1. Raises ``UplinkDown``."""
        if time.monotonic() >= self._try_5_at:
            self._version = mqtt.MQTTv5
        try:
            self._open()
        except UplinkDown:
            if self._version != mqtt.MQTTv5 or not self._other_version:
                raise
            self._version, self._try_5_at = mqtt.MQTTv311, time.monotonic() + TRY_5_AGAIN
            try:
                self._open()
            except UplinkDown:
                self._try_5_at = 0.0
                raise
        self._client.publish(self._topic("status"), self._status(True), qos=1, retain=True)
        for topic in self._inbound:
            self._client.subscribe(topic, qos=1)

    def send(self, channel: str, payload: bytes, properties: Mapping[str, str]) -> int:
        """Hands a message to paho. Raises ``Refused`` when it is larger than the broker takes."""
        if self.largest is not None and len(payload) + 512 > self.largest:
            raise Refused(f"{len(payload)} bytes are more than the broker takes ({self.largest})")
        more = self._properties(properties) if self._version == mqtt.MQTTv5 else None
        info = self._client.publish(self._topic(channel), payload, qos=1, properties=more)
        if info.rc != mqtt.MQTT_ERR_SUCCESS:
            raise UplinkDown(mqtt.error_string(info.rc))
        self._sent[info.mid] = time.monotonic()
        return int(info.mid)

    def poll(self, seconds: float) -> list[Ack]:
        """Drives the connection; a message without acknowledgement for ``ACK`` seconds ends it."""
        self._work(seconds)
        oldest = next(iter(self._sent.values()), None)
        if oldest is not None and time.monotonic() - oldest > ACK:
            raise UplinkDown(f"{self._where} is connected but has not acknowledged anything for {ACK:.0f} s")
        acks, self._acks = self._acks, []
        return acks

    def inbox(self) -> list[tuple[str, bytes]]:
        """What came on the inbound channels, with the channel of each."""
        taken, self._received = self._received, []
        return taken

    def wake(self) -> None:
        """Ends a ``poll`` early."""
        try:
            self._waker.send(b"!")
        except BlockingIOError:
            return  # it is awake already

    def close(self) -> None:
        """Publishes ``offline`` and disconnects, if the connection still works."""
        if self._connected and self._fate is None:
            self._client.publish(self._topic("status"), self._status(False), qos=1, retain=True)
            self._client.disconnect()
        self._drop()

    @property
    def _id(self) -> str:
        return f"{self._node}-{self._settings.name}"

    @property
    def _where(self) -> str:
        return f"{self._settings.host}:{self._settings.port}"

    def _topic(self, channel: str) -> str:
        return self._settings.topic.format(node=self._node, channel=channel)

    def _made(self) -> mqtt.Client:
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=self._id, protocol=self._version)
        client.max_inflight_messages_set(self.window + 2)
        client.connect_timeout = CONNECT
        client.will_set(self._topic("status"), self._status(False), qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        settings = self._settings
        if settings.username:
            client.username_pw_set(settings.username, _password(settings))
        if settings.tls:
            client.tls_set_context(_tls(settings))
        return client

    def _open(self) -> None:
        self._drop()
        self._fate, self._connected, self._other_version = None, False, False
        try:
            self._client = self._made()
            self._client.connect(self._settings.host, self._settings.port, KEEPALIVE)
        except (OSError, ValueError) as error:
            raise UplinkDown(f"{self._where}: {error}") from error
        _guard(self._client.socket())
        newest = self._version == mqtt.MQTTv5
        deadline = time.monotonic() + (SILENCE if newest else CONNECT)
        while not self._connected:
            self._work(max(0.0, deadline - time.monotonic()))
            if time.monotonic() > deadline and not self._connected:
                self._other_version = newest
                raise UplinkDown(f"{self._where} accepts connections but does not answer as an MQTT broker")

    def _work(self, seconds: float) -> None:
        if self._fate is None:
            self._turn(seconds)
        if self._fate is not None:
            raise self._fate

    def _turn(self, seconds: float) -> None:
        sock: Any = self._client.socket()
        if sock is None:
            self._fate = self._fate or UplinkDown(f"{self._where} closed the connection")
            return
        waiting = isinstance(sock, ssl.SSLSocket) and sock.pending() > 0
        writers = [sock] if self._client.want_write() else []
        ready, writable, _ = select.select([sock, self._woken], writers, [], 0 if waiting else seconds)
        if self._woken in ready:
            self._woken.recv(4096)
        if sock in ready or waiting:
            self._client.loop_read()
        if writable:
            self._client.loop_write()
        self._client.loop_misc()

    def _drop(self) -> None:
        sock = self._client.socket() if self._client is not None else None
        if sock is not None:
            sock.close()
        self._sent.clear()
        self._acks.clear()
        self._connected = False

    def _on_connect(self, client: Any, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self._other_version = reason.value in OTHER_VERSION
            self._fate = UplinkDown(f"{self._where} refuses the connection: {reason}")
            return
        self._connected = True
        self.largest = getattr(properties, "MaximumPacketSize", None)
        self.window = min(self._settings.window, getattr(properties, "ReceiveMaximum", 65535))

    def _on_disconnect(self, client: Any, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        # a broker without MQTT 5 may hang up in place of an answer
        self._other_version = self._other_version or not self._connected
        self._fate = self._fate or UplinkDown(f"{self._where} ended the connection: {reason}")

    def _on_publish(self, client: Any, userdata: Any, mid: int, reason: Any, properties: Any) -> None:
        if self._sent.pop(mid, None) is None:
            return
        if not reason.is_failure:
            self._acks.append(Ack(mid))
        elif reason.value in FOR_EVER:
            self._acks.append(Ack(mid, FOR_EVER[reason.value]))
        else:
            self._fate = UplinkDown(f"{self._where} does not take the message now: {reason}")

    def _on_message(self, client: Any, userdata: Any, message: Any) -> None:
        channel = self._inbound.get(message.topic)
        waiting = sum(len(payload) for _, payload in self._received)
        if channel is not None and waiting + len(message.payload) <= INBOX:
            self._received.append((channel, bytes(message.payload)))

    @staticmethod
    def _properties(properties: Mapping[str, str]) -> Properties:
        more = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        more.UserProperty = list(properties.items())
        return more


def _guard(sock: Any) -> None:
    """Lets TCP find a dead link itself: keep-alive alone takes two minutes."""
    inner = getattr(sock, "_socket", sock)
    inner.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT)
    inner.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _tls(settings: UplinkSettings) -> ssl.SSLContext:
    """TLS 1.2 or later; host and CA are always checked."""
    context = ssl.create_default_context(cafile=settings.ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.cert_file:
        context.load_cert_chain(settings.cert_file, settings.key_file or None)
    return context


def _password(settings: UplinkSettings) -> str | None:
    """From the configured file or the systemd credential ``<uplink>-password``, without the line end."""
    path = settings.password_file
    if not path and (folder := os.environ.get("CREDENTIALS_DIRECTORY")):
        path = f"{folder}/{settings.name}-password"
    return Path(path).read_text(encoding="utf-8").rstrip("\n") if path else None
