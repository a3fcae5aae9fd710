"""Fakes that behave: a destination in memory that can lag, fail, refuse and forget; a line that brings bytes."""

import json
from collections.abc import Iterable
from threading import Event

from edge.errors import Refused, UplinkDown
from edge.uplink import Ack


class FakeUplink:
    """An uplink that keeps the contract of `edge.uplink.Uplink` without a network.

    `down` makes every call fail, `mute` withholds acknowledgements, `largest` refuses longer messages at once,
    `refuse(records)` tells for which ones the acknowledgement is a refusal.
    """

    def __init__(self, window=4, largest=None):
        self.window, self.largest = window, largest
        self.down, self.mute = False, False
        self.refuse = lambda records: None
        self.messages = []  # (channel, payload, properties) as they came
        self.inbound = []  # (channel, payload) that the centre sends
        self.connections = 0
        self.carried = 0  # bytes that were not asked for yet
        self.most_under_way = 0
        self._under_way = {}
        self._token = 0
        self._awake = Event()
        self.changed = Event()

    def connect(self):
        if self.down:
            raise UplinkDown("the fake is down")
        self.connections += 1
        self._under_way.clear()

    def send(self, channel, payload, properties, *, retain=False):
        if self.down:
            raise UplinkDown("the fake is down")
        if self.largest is not None and len(payload) > self.largest:
            raise Refused("too large for the fake")
        self._token += 1
        self.messages.append((channel, payload, dict(properties)))
        self.carried += len(payload)
        self._under_way[self._token] = (channel, payload)
        self.most_under_way = max(self.most_under_way, len(self._under_way))
        return self._token

    def poll(self, seconds):
        if self.down:
            raise UplinkDown("the fake is down")
        if self.mute or not self._under_way:
            self._awake.wait(seconds)
            self._awake.clear()
        if self.down or self.mute:
            return []
        acks = [Ack(token, self._verdict(*sent)) for token, sent in reversed(self._under_way.items())]
        self._under_way.clear()
        self.changed.set()
        return acks

    def inbox(self):
        taken, self.inbound = self.inbound, []
        return taken

    def unsent(self):
        return sum(len(payload) for _, payload in self._under_way.values())

    def traffic(self):
        taken, self.carried = self.carried, 0
        return taken

    def wake(self):
        self._awake.set()

    def close(self):
        self._awake.set()

    def records(self):
        """All records of readings that came, each with its `seq`."""
        return [record for sent, payload, _ in self.messages if sent == "readings" for record in unpacked(payload)]

    def events(self):
        """All events that came."""
        return [json.loads(payload) for sent, payload, _ in self.messages if sent == "event"]

    def _verdict(self, channel, payload):
        packed = channel == "readings" and payload.startswith(b"[")
        return self.refuse(unpacked(payload)) if packed else None


def unpacked(payload):
    """The records of a pack with their seqs resolved (contract: bsq, sq)."""
    seq, records = 0, json.loads(payload)
    for record in records:
        seq = record.get("bsq", record.get("sq", seq))
        record["seq"] = seq
        seq += 1
    return records


class Pieces:
    """A stream that brings these pieces, and is silent after them and where a piece is empty; nobody listens to it."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.pieces = list(pieces)

    def read(self, size: int) -> bytes:
        if not self.pieces:
            return b""
        piece = self.pieces.pop(0)
        if len(piece) > size:
            self.pieces.insert(0, piece[size:])
        return piece[:size]

    def write(self, data: bytes) -> None:
        """It is lost."""

    def rate(self, baud: int) -> None:
        """Any rate will do."""

    def wait(self, seconds: float) -> None:
        """There is all the time in the world."""

    def close(self) -> None:
        """Nothing to give back."""
