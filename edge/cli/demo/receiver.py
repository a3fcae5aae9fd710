"""The far end: a subscriber that decodes what the node sends and keeps account of it by seq."""

import json
from collections import Counter
from collections.abc import Iterator
from threading import Lock
from typing import Any, NamedTuple

from edge.payload.message import records
from edge.uplink.paho import CallbackAPIVersion, mqtt

CLOCK = "clock"  # the reason that says "not dated yet"; it goes when the date comes, the reading stays the same


class Record(NamedTuple):
    """One reading as it arrived; ``time`` is in seconds since boot where ``boot`` is given, else since 1970."""

    seq: int
    name: str
    value: float | None
    unit: str
    raw: float | None
    reasons: tuple[str, ...]
    boot: str | None
    time: float

    def same(self, other: "Record") -> bool:
        """Whether both tell the same: all but the date, which may become known between two sendings."""
        if self.boot is not None and other.boot is not None and (self.boot, self.time) != (other.boot, other.time):
            return False
        return self[:6] == other[:6]


def decode(payload: bytes) -> Iterator[Record]:
    """The readings of a SenML pack, deflated or not; copies without a seq come again from the card.

    Raises ``Unreadable``.
    """
    for record in records(payload, None, {}):
        if record.seq is None:
            continue
        reasons = tuple(reason for reason in record.reasons if reason != CLOCK)
        name, time = f"{record.device}/{record.quantity}", round(record.time, 6)
        yield Record(record.seq, name, record.value, record.unit, record.raw, reasons, record.boot, time)


class Inbox:
    """What has arrived: each seq once, and how often it came again."""

    def __init__(self) -> None:
        self.records: dict[int, Record] = {}
        self.twice = 0
        self.conflicting: set[int] = set()
        self.events: Counter[str] = Counter()
        self.garbled = 0
        self.newest: Record | None = None
        self._lock = Lock()

    def take(self, record: Record) -> None:
        """A reading came."""
        with self._lock:
            known = self.records.setdefault(record.seq, record)
            if known is not record:
                self.twice += 1
                if not known.same(record):
                    self.conflicting.add(record.seq)
            if self.newest is None or record.seq > self.newest.seq:
                self.newest = record

    def seqs(self) -> set[int]:
        """The seqs that are here."""
        with self._lock:
            return set(self.records)

    def latest(self) -> dict[str, dict[str, Any]]:
        """The last value of each channel by sensor and quantity."""
        with self._lock:
            by_name = {record.name: record for _, record in sorted(self.records.items())}
        values: dict[str, dict[str, Any]] = {}
        for name, record in by_name.items():
            sensor, _, quantity = name.partition("/")
            values.setdefault(sensor, {})[quantity] = {"value": record.value, "unit": record.unit, "seq": record.seq}
        return values


class Receiver:
    """Subscribes at the broker itself, past the link, and fills an ``Inbox``."""

    def __init__(self, address: tuple[str, int], node: str) -> None:
        """Raises ``OSError`` when the broker cannot be reached."""
        self.inbox = Inbox()
        self._topics = f"edge/{node}/#"
        self._status = f"edge/{node}/status"
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=f"{node}-centre", protocol=mqtt.MQTTv311, clean_session=False
        )
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message
        self._client.connect(*address)
        self._client.loop_start()

    def close(self) -> None:
        """Takes the retained status of the node from the broker, and leaves."""
        self._client.unsubscribe(self._topics)
        self._client.publish(self._status, b"", qos=1, retain=True).wait_for_publish(2.0)
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client: Any, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        client.subscribe(self._topics, qos=1)

    def _on_message(self, client: Any, userdata: Any, message: Any) -> None:
        channel = message.topic.rpartition("/")[2]
        try:
            if channel == "readings":
                for record in decode(message.payload):
                    self.inbox.take(record)
            elif channel == "event":
                self.inbox.events[json.loads(message.payload)["event"]] += 1
        except (ValueError, KeyError):
            self.inbox.garbled += 1
