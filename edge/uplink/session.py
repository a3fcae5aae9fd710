"""One MQTT session: from the CONNECT on a connection to its end. Never used twice, so that paho never resends."""

import logging
import select
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from edge.errors import UplinkDown
from edge.uplink.guard import LARGEST, Guard
from edge.uplink.paho import Client, PacketTypes, Properties, mqtt
from edge.uplink.patience import Patience
from edge.uplink.reasons import PAUSE, Does, Reason, reason
from edge.uplink.states import Broker
from edge.uplink.terms import Aliases, Terms, terms
from edge.uplink.uplink import Ack

log = logging.getLogger("edge.uplink")

INBOX = 128_000  # bytes that wait to be read at most; what comes beyond them is dropped
INBOUND_WINDOW = 20  # messages that the broker may have on their way to the node
LAST_WORDS = 50  # packets that are read after a connection broke
PROTOCOL_ERROR = 0x82


class Opening(NamedTuple):
    """What a CONNECT says."""

    version: Any  # mqtt.MQTTv5 or mqtt.MQTTv311
    topic: str  # of the will
    will: bytes
    retain: bool  # the will
    username: str
    password: str | None


class UnderWay(NamedTuple):
    """A message that is not yet acknowledged: when it was sent, and its bytes."""

    at: float
    size: int


class Session:
    """A session on an open connection, driven by one thread."""

    def __init__(self, guard: Guard, broker: Broker, opening: Opening, patience: Patience) -> None:
        self._guard, self._broker, self._patience = guard, broker, patience
        self._version = opening.version
        self.terms = Terms()
        self.since: float | None = None  # when the broker accepted it
        self.code: int | None = None  # with which the broker refused or ended it
        self.fate: UplinkDown | None = None
        self.sent: dict[int, UnderWay] = {}
        self.acks: list[Ack] = []
        self.received: list[tuple[str, bytes]] = []  # topic and payload
        self._acked = 0.0  # when the last acknowledgement came
        self._moved = 0.0  # when something was still on its way into the network
        self._aliases = Aliases(0)
        self._client = self._made(opening)

    def begin(self, window: int, *, aliases: bool) -> None:
        """Sends CONNECT and waits for the answer; at most ``window`` messages go at a time. Raises ``UplinkDown``."""
        keepalive = int(self._patience.idle)
        self._client.connect(self._broker.host, self._broker.port, keepalive, properties=self._wishes())
        end = time.monotonic() + self._patience.connack
        while self.since is None:
            left = end - time.monotonic()
            if left <= 0:
                raise self._broker.down("no-answer", "accepts connections but does not answer as an MQTT broker")
            self.work(left, ())
        self._aliases = Aliases(self.terms.aliases if aliases else 0)
        keepalive = min(keepalive, self.terms.keepalive or keepalive)
        self._client.obey(window=min(window, self.terms.receive), keepalive=keepalive)

    def publish(self, topic: str, payload: bytes, properties: Mapping[str, str], *, retain: bool = False) -> int:
        """Sends a message and gives its number. Raises ``UplinkDown``."""
        more = self._properties(properties)
        size = self.size(topic, payload, properties)
        if more is not None:
            topic, alias = self._aliases.of(topic)
            if alias is not None:
                more.TopicAlias = alias
        number = self._handed(topic, payload, more, retain=retain)
        self.sent[number] = UnderWay(time.monotonic(), size)
        return number

    def tell(self, topic: str, payload: bytes, *, retain: bool) -> None:
        """Sends a message that nobody waits for. Raises ``UplinkDown``."""
        self._handed(topic, payload, None, retain=retain)

    def subscribe(self, topic: str) -> None:
        """Asks for what comes on a topic; the session ends with the connection, so QoS 1 would bring nothing more.

        In 3.1.1 it even harms: RabbitMQ 3.10 then makes a durable queue, which bars the client from the whole cluster
        while the server that holds it is down.
        """
        self._client.subscribe(topic, qos=1 if self._version == mqtt.MQTTv5 else 0)

    def size(self, topic: str, payload: bytes, properties: Mapping[str, str]) -> int:
        """Bytes that a PUBLISH takes at most, its header and a topic alias included (MQTT 5, 3.3)."""
        more = self._properties(properties)
        packed = len(more.pack()) + 3 if more is not None else 0  # type: ignore[no-untyped-call]
        return 5 + 2 + len(topic.encode()) + 2 + packed + len(payload)

    def unsent(self) -> int:
        """Bytes that the other machine has not yet acknowledged to TCP; 0 once the session has ended."""
        return self._guard.unsent() if self.fate is None else 0

    def fruitless(self, before: bool) -> bool:
        """Whether nothing was acknowledged of what was sent; ``before`` where nothing was sent at all."""
        return not self._acked if self.sent else before and not self._acked

    def work(self, seconds: float, wakers: Sequence[Any]) -> None:
        """Lets the connection work for so long, less when something came. Raises ``UplinkDown``, then each time."""
        if self.fate is None:
            try:
                self._turn(seconds, wakers)
                if self.fate is None:
                    self._check_silence()
            except UplinkDown as error:
                self._end(error)
            except Exception as error:  # paho trips over hostile bytes in more than one way
                self.fate = self._broker.down("protocol", f"sent what paho cannot read: {error!r}")
        if self.fate is not None:
            raise self.fate

    def finish(self) -> None:
        """Disconnects in good order if it can."""
        if self.fate is None and self.since is not None:
            with suppress(UplinkDown):
                self._client.disconnect()

    def drop(self) -> None:
        """Closes the connection."""
        self._guard.close()

    def _made(self, opening: Opening) -> Client:
        client = Client(self._guard, self._broker.client, opening.version)
        client.will_set(opening.topic, opening.will, qos=1, retain=opening.retain)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe
        if opening.username:
            client.username_pw_set(opening.username, opening.password)
        return client

    def _wishes(self) -> Properties | None:
        if self._version != mqtt.MQTTv5:
            return None
        wishes = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        wishes.MaximumPacketSize, wishes.ReceiveMaximum = LARGEST, INBOUND_WINDOW
        return wishes

    def _properties(self, properties: Mapping[str, str]) -> Properties | None:
        if self._version != mqtt.MQTTv5:
            return None
        more = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        if properties:
            more.UserProperty = list(properties.items())
        return more

    def _handed(self, topic: str, payload: bytes, more: Properties | None, *, retain: bool) -> int:
        if self.fate is not None:
            raise self.fate
        try:
            info = self._client.publish(topic, payload, qos=1, retain=retain, properties=more)
        except UplinkDown as error:
            self._end(error)
            raise self.fate or error from error
        if info.rc != mqtt.MQTT_ERR_SUCCESS:
            raise self._broker.down("closed", f"is gone: {mqtt.error_string(info.rc)}")
        return int(info.mid)

    def _end(self, error: UplinkDown) -> None:
        """A write may fail before the broker's reason for it is read."""
        with suppress(UplinkDown):
            for _ in range(LAST_WORDS if error.state == "closed" else 0):
                if self.fate is None:
                    self._client.loop_read()
        self.fate = self.fate or error

    def _turn(self, seconds: float, wakers: Sequence[Any]) -> None:
        if self._client.socket() is None:
            raise self._broker.down("closed", "closed the connection")
        waiting = self._guard.pending() > 0
        writers: list[Any] = [self._guard] if self._client.want_write() else []
        readers: list[Any] = [self._guard, *wakers]
        ready, writable, _ = select.select(readers, writers, [], 0 if waiting else seconds)
        for waker in wakers:
            if waker in ready:
                waker.recv(4096)
        if self._guard in ready or waiting:
            self._client.loop_read()
        if writable:
            self._client.loop_write()
        self._client.loop_misc()

    def _check_silence(self) -> None:
        now, patience = time.monotonic(), self._patience
        if self._guard.age() > patience.packet:
            raise self._broker.down("protocol", f"has not finished a packet for {patience.packet:.0f} s")
        oldest = next(iter(self.sent.values()), None)
        if oldest is None:
            return
        if self._client.want_write() or self._guard.unsent():
            self._moved = now  # a slow link; TCP itself finds one that does not move at all
        if now - max(oldest.at, self._acked, self._moved) > patience.ack or now - oldest.at > patience.late:
            waits = f"{now - oldest.at:.0f} s"
            raise self._broker.down("silent", f"is connected but has not acknowledged a message for {waits}")

    def _on_connect(self, client: Any, userdata: Any, flags: Any, code: Any, properties: Any) -> None:
        row = reason(code.value)
        self.terms = terms(properties)
        if row.does is not Does.TAKE:
            self.code = code.value
            self.fate = self._down(row, "refuses the connection", properties)
        elif self.terms.qos < 1:
            self.fate = self._broker.down("no-qos1", "acknowledges nothing: it has no QoS 1", pause=PAUSE[Does.HOLD])
        else:
            self.since = time.monotonic()

    def _on_disconnect(self, client: Any, userdata: Any, flags: Any, code: Any, properties: Any) -> None:
        if self.fate is not None:
            return
        if flags.is_disconnect_packet_from_server:
            self.code = code.value
            self.fate = self._down(reason(code.value), "ended the session", properties)
        elif code.value == PROTOCOL_ERROR:
            self.fate = self._broker.down("protocol", "sent what MQTT does not allow")
        else:
            self.fate = self._broker.down("lost", "gives no sign of life")

    def _on_publish(self, client: Any, userdata: Any, mid: int, code: Any, properties: Any) -> None:
        if self.sent.pop(mid, None) is None:
            return
        self._acked = time.monotonic()
        row = reason(code.value)
        if row.does is Does.TAKE:
            self.acks.append(Ack(mid))
        elif row.does in (Does.PARK, Does.SPLIT):
            self.acks.append(Ack(mid, row.name))
        else:
            self.fate = self._down(row, "does not take a message now", properties)

    def _on_subscribe(self, client: Any, userdata: Any, mid: int, codes: Any, properties: Any) -> None:
        for code in codes:
            if code.is_failure:
                log.error("%s does not let the node listen: %s", self._broker.host, code)

    def _on_message(self, client: Any, userdata: Any, message: Any) -> None:
        waiting = sum(len(payload) for _, payload in self.received)
        if waiting + len(message.payload) <= INBOX:
            self.received.append((message.topic, bytes(message.payload)))

    def _down(self, row: Reason, what: str, properties: Any) -> UplinkDown:
        why = [f"{what}: {row.name}"]
        for name, words in (("ReasonString", "it says"), ("ServerReference", "it names")):
            if said := getattr(properties, name, None):
                why.append(f"{words} {str(said)[:80]!r}")
        return self._broker.down(row.state or "closed", ", ".join(why), pause=PAUSE.get(row.does, 0.0))
