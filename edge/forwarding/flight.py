"""What is under way to one destination, and how much more may go."""

from collections.abc import Mapping
from typing import NamedTuple

from edge.forwarding.linkspeed import LinkSpeed, Mark
from edge.outbox.cursor import runs
from edge.reading import Batch
from edge.uplink import Ack, Uplink

ALARM_ROOM = 2  # messages that alarms may have under way beyond the window
READING = 60.0  # bytes that a reading is taken for before one was sent
FADE = 0.8  # weight of the messages before against the last one


class Sent(NamedTuple):
    """A message under way. Of readings it holds the runs of their seqs only: they themselves are on the card.

    ``event`` is the number of an event. A message that has neither needs no account.
    """

    size: int
    mark: Mark
    runs: tuple[tuple[int, int], ...] = ()
    lane: str = ""
    event: int | None = None


class Flight:
    """Sends, and keeps what is not yet acknowledged by its token."""

    def __init__(self, uplink: Uplink, link: LinkSpeed) -> None:
        self._uplink, self._link = uplink, link
        self._sent: dict[int, Sent] = {}
        self._bytes, self._readings = READING, 1.0  # of the batches so far, older ones count less

    def restart(self) -> list[tuple[int, int]]:
        """The connection is new, and took what was under way with it: gives the runs of replays among that."""
        lost = [run for sent in self._sent.values() if sent.lane == "replay" for run in sent.runs]
        self._sent.clear()
        self._link.restart()
        return lost

    def room(self, *, urgent: bool = False) -> bool:
        """Whether another message may go: the window bounds their number, and a slow link their bytes.

        What is ``urgent`` may go beyond the one by two messages, and beyond the other.
        """
        left = self._uplink.window - len(self._sent)
        return left > -ALARM_ROOM if urgent else left > 0 and not self._link.full(self._uplink.unsent())

    def readings(self, most: int) -> int:
        """How many the next message should have: at most ``most``, and no more than suit the link."""
        return max(1, min(most, int(self._link.message * self._readings / self._bytes)))

    def send(
        self,
        channel: str,
        payload: bytes,
        properties: Mapping[str, str],
        *,
        retain: bool = False,
        batch: Batch | None = None,
        event: int | None = None,
    ) -> None:
        """Sends a message with a batch, an event or neither. Raises as ``Uplink.send``."""
        token = self._uplink.send(channel, payload, properties, retain=retain)
        size = _size(channel, payload, properties)
        mark = self._link.sent(size)
        if batch is None:
            self._sent[token] = Sent(size, mark, event=event)
            return
        self._bytes = FADE * self._bytes + size
        self._readings = FADE * self._readings + len(batch.readings)
        seqs = tuple(runs(batch.seqs)) if batch.first else ()
        self._sent[token] = Sent(size, mark, seqs, batch.lane)

    def carries(self, seq: int) -> bool:
        """Whether a reading is in a message under way."""
        return any(first <= seq <= last for sent in list(self._sent.values()) for first, last in sent.runs)

    def landed(self, ack: Ack) -> Sent:
        """What was acknowledged; it is no longer under way."""
        sent = self._sent.pop(ack.token)
        self._link.acknowledged(sent.size, sent.mark)
        return sent


def _size(topic: str, payload: bytes, properties: Mapping[str, str]) -> int:
    """Bytes of a message, but for the few of fixed headers: each property has five of its own (MQTT 5, 2.2.2)."""
    return len(topic) + len(payload) + sum(5 + len(key) + len(value) for key, value in properties.items())
