"""An MQTT broker as a destination; paho is transport only: the queue is the outbox, the thread is the forwarder's.

QoS 1; MQTT 5, and 3.1.1 where the broker has no 5. What a broker complains about once is not done again.
"""

import socket
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from edge.clock import Clock
from edge.errors import Refused, UplinkDown
from edge.settings.model import UplinkSettings
from edge.uplink import certificate, secret, tls
from edge.uplink.address import Address
from edge.uplink.guard import Guard
from edge.uplink.meter import Meter
from edge.uplink.paho import mqtt
from edge.uplink.patience import Patience
from edge.uplink.places import Places
from edge.uplink.reasons import PAUSE, Does, reason
from edge.uplink.session import Opening, Session
from edge.uplink.states import Broker
from edge.uplink.uplink import Ack

ASIDE = 3  # messages that may go beyond the window: two alarms and the birth
USER_TIMEOUT = 15_000  # ms that data may stay unacknowledged by TCP
TRY_5_AGAIN = 3600.0  # seconds after which a broker that had no MQTT 5 is asked for it once more
NO_5 = (
    "version",
    "closed",
    "no-answer",
    "not-mqtt",
    "protocol",
)  # what a broker without MQTT 5 may do about a CONNECT of 5
SMALL = 1024  # bytes that any broker takes: a message as small as this is never held to be too large on suspicion
SHORT, OFTEN = 30.0, 3  # sessions of so many seconds, so often in a row, look like a fight about a client id
NO_RETAIN, BAD_ALIAS = 0x9A, 0x94


class Host(NamedTuple):
    """One broker of a cluster, or the only one."""

    broker: Broker
    address: Address


class MqttUplink:
    """A broker, or the brokers of a cluster: when a connection fails or ends it is the next one's turn."""

    def __init__(
        self,
        settings: UplinkSettings,
        node: str,
        status: Callable[[bool], bytes],
        clock: Clock,
        inbound: Collection[str] = (),
        patience: Patience = Patience(),  # noqa: B008 - it cannot change
        places: Places | None = None,
    ) -> None:
        """``status(online)`` gives the retained birth and will message, ``inbound`` are the channels to listen to."""
        self._settings, self._node, self._status, self._clock = settings, node, status, clock
        self._patience, self._places = patience, places or Places()
        self._hosts = deque(self._host(host) for host in settings.hosts or (settings.host,))
        self._inbound = {self._topic(channel): channel for channel in inbound}
        self.window = settings.window
        self.largest: int | None = None
        self.expiry: certificate.Expiry | None = None
        self._ends: dict[str, Callable[[], float]] = {}  # of the certificates
        self._version = mqtt.MQTTv5
        self._try_5_at = 0.0
        self._suspected: int | None = None  # bytes that are enough for a broker that complained without a figure
        self._retain, self._alias = True, True  # until the broker complains
        self._short = 0  # sessions in a row that were
        self._fruitless = False  # the last session that sent something got no acknowledgement
        self._baffled = False  # neither version worked: they take turns, or else each try would be two
        self._session: Session | None = None
        self._meter = Meter()
        self._waker, self._woken = socket.socketpair()
        self._waker.setblocking(False)
        self._woken.setblocking(False)

    def connect(self) -> None:
        """Connects and publishes the birth message; falls back to MQTT 3.1.1. Raises ``UplinkDown``."""
        try:
            self._greet(self._begun())
        except UplinkDown:
            self._hosts.rotate(-1)
            raise

    def send(self, channel: str, payload: bytes, properties: Mapping[str, str], *, retain: bool = False) -> int:
        """Hands a message to paho. Raises ``Refused`` when it is larger than the broker takes."""
        session, topic = self._now(), self._topic(channel)
        size = session.size(topic, payload, properties)
        if self.largest is not None and size > self.largest:
            properties = {}  # they only spare the far end a look into the payload
            size = session.size(topic, payload, properties)
        if self.largest is not None and size > self.largest:
            raise Refused(f"{size} bytes are more than the broker takes ({self.largest})")
        try:
            keep = retain and self._retain and session.terms.retain
            return session.publish(topic, payload, properties, retain=keep)
        except UplinkDown as error:
            raise self._ended(session, error) from error

    def poll(self, seconds: float) -> list[Ack]:
        """Drives the connection; too long a silence ends it."""
        session = self._now()
        try:
            session.work(seconds, (self._woken,))
        except UplinkDown as error:
            if not session.acks:  # they count still; the next call raises it
                raise self._ended(session, error) from error
        if self.expiry is not None:
            self.expiry.look(self._ends, self._clock.utc(self._clock.now()))
        acks, session.acks = session.acks, []
        if acks and self._fruitless:
            self._fruitless, self.window = False, self._widest(session)
        return acks

    def inbox(self) -> list[tuple[str, bytes]]:
        """What came on the inbound channels, with the channel of each."""
        session = self._now()
        taken, session.received = session.received, []
        return [(self._inbound[topic], payload) for topic, payload in taken if topic in self._inbound]

    def unsent(self) -> int:
        """What TCP has no acknowledgement of."""
        return self._now().unsent()

    def traffic(self) -> int:
        """Bytes since the last call, of attempts that failed as well; not those of the name service."""
        return self._meter.take()

    def wake(self) -> None:
        """Ends a ``poll`` early."""
        with suppress(BlockingIOError):  # it is awake already
            self._waker.send(b"!")

    def close(self) -> None:
        """Publishes ``offline`` and disconnects, if the connection still works."""
        if self._session is not None:
            with suppress(UplinkDown):
                self._tell(online=False)
            self._session.finish()
        self._drop()

    @property
    def _broker(self) -> Broker:
        return self._hosts[0].broker

    def _host(self, name: str) -> Host:
        broker = Broker(name, self._settings.port, f"{self._node}-{self._settings.name}", self._settings.name)
        return Host(broker, Address(broker, self._patience, self._places))

    def _topic(self, channel: str) -> str:
        return channel if "/" in channel else self._settings.topic.format(node=self._node, channel=channel)

    def _now(self) -> Session:
        if self._session is None:
            raise self._broker.down("closed", "is not connected")
        return self._session

    def _begun(self) -> Session:
        """A session in MQTT 5 or, where the broker has no 5, in 3.1.1."""
        began = time.monotonic()
        if began >= self._try_5_at:
            self._version = mqtt.MQTTv311 if self._baffled and self._version == mqtt.MQTTv5 else mqtt.MQTTv5
        try:
            return self._opened()
        except UplinkDown as error:
            if not self._turns_to_3(error) or time.monotonic() - began > self._patience.haste:
                self._short = 0
                raise
            return self._opened_3(error)

    def _greet(self, session: Session) -> None:
        """Says that the node is there, and listens."""
        self.window = 1 if self._fruitless else self._widest(session)
        self.largest = min(filter(None, (session.terms.packet, self._suspected)), default=None)
        self._tell(online=True)
        for topic in self._inbound:
            session.subscribe(topic)

    def _opened(self) -> Session:
        """A session that the broker has accepted."""
        self._drop()
        password = secret.password(self._settings, self._broker) if self._settings.username else None
        guard = Guard(self._connection(), self._broker)
        topic, will = self._topic("status"), self._status(False)
        opening = Opening(self._version, topic, will, self._retain, self._settings.username, password)
        self._session = session = Session(guard, self._broker, opening, self._patience)
        try:
            session.begin(self._settings.window + ASIDE, aliases=self._alias)
        except UplinkDown:
            self._drop()
            raise
        self._hosts[0].address.proven()
        self._baffled = False
        return session

    def _opened_3(self, first: UplinkDown) -> Session:
        """The same in MQTT 3.1.1; where that goes no better, ``first`` tells more."""
        try:
            return self._opened()
        except UplinkDown as error:
            self._try_5_at, self._baffled, self._short = 0.0, True, 0
            raise first if error.state in (*NO_5, "refused") else error from error

    def _connection(self) -> Any:
        sock: Any = self._hosts[0].address.connect()
        self._meter.begin(sock)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._settings.tls:
                sock = tls.wrapped(sock, self._settings, self._broker, self._clock, self._patience.tls)
                self._note_ends(tls.ends(sock))
        except BaseException:
            sock.close()
            self._meter.end()
            raise
        return sock

    def _turns_to_3(self, error: UplinkDown) -> bool:
        """Whether the broker may have stumbled over MQTT 5; then the next connection is made with 3.1.1."""
        if self._version != mqtt.MQTTv5:
            self._try_5_at = 0.0
        elif error.state == "version" or (error.state in NO_5 and not self._baffled):
            self._version, self._try_5_at = mqtt.MQTTv311, time.monotonic() + TRY_5_AGAIN
            return True
        return False

    def _tell(self, *, online: bool) -> None:
        """The birth message or its counterpart, as far as the broker takes it."""
        session, topic, payload = self._now(), self._topic("status"), self._status(online)
        if self.largest is None or session.size(topic, payload, {}) <= self.largest:
            session.tell(topic, payload, retain=self._retain and session.terms.retain)

    def _widest(self, session: Session) -> int:
        """Messages that may be under way; a broker that took nothing gets one until it takes it."""
        return min(self._settings.window, session.terms.receive)

    def _ended(self, session: Session, error: UplinkDown) -> UplinkDown:
        """The end of a session; one that is closed without a word may be a fight about a client id.

        MQTT 3.1.1 has no word for that and mosquitto 2.0.11 does not say it: short sessions in a row, each begun at the
        first try, are the sign. Without a rest the two clients would throw each other out for ever.
        """
        self._drop()
        broker = self._broker
        self._hosts.rotate(-1)
        short = session.since is not None and time.monotonic() - session.since < SHORT
        self._short = self._short + 1 if short and error.state == "closed" else 0
        if self._short < OFTEN:
            return error
        why = f"closed {self._short} short sessions in a row; perhaps another client has the id {broker.client!r}"
        return broker.down("closed", why, pause=PAUSE[Does.WAIT])

    def _drop(self) -> None:
        if self._session is not None:
            self._session.drop()
            self._meter.end()
            self._learn(self._session)
        self._session = None

    def _learn(self, session: Session) -> None:
        """What the broker has complained about is not done again."""
        self._fruitless = session.fruitless(self._fruitless)
        self._retain = self._retain and session.code != NO_RETAIN
        self._alias = self._alias and session.code != BAD_ALIAS
        if session.code is not None and reason(session.code).does is Does.SPLIT and session.sent:
            self._suspected = max(SMALL, max(sent.size for sent in session.sent.values()) // 2)

    def _note_ends(self, broker: float) -> None:
        self._ends = {"broker": lambda: broker}
        if path := self._settings.cert_file:
            self._ends["node"] = lambda: certificate.ends(path)
