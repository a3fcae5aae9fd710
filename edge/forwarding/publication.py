"""A batch as a message for one destination: encoded, packed, with its channel and its properties."""

import zlib
from typing import NamedTuple

from edge.clock import Clock
from edge.payload import Payload
from edge.reading import Batch
from edge.settings.model import UplinkSettings

LEVEL = 9  # of deflate: a percent smaller than 6 and 3 us a reading dearer; a radio costs more


class Publication(NamedTuple):
    """What is published; ``channel`` may be a whole topic, where a platform prescribes that."""

    channel: str
    payload: bytes
    properties: dict[str, str]


class Publisher:
    """Makes the messages of one destination."""

    def __init__(self, node: str, settings: UplinkSettings, payload: Payload, clock: Clock) -> None:
        self._node, self._deflate = node, settings.compress == "deflate"
        self._payload, self._clock = payload, clock

    @property
    def waits(self) -> str | None:
        """Why nothing can be published yet: a payload that needs dates waits until the clock is known."""
        if self._payload.dated and self._clock.anchor is None:
            return f"the date is not known yet, and {self._payload.schema} cannot carry readings without one"
        return None

    def never(self, batch: Batch) -> str | None:
        """Why this batch can never be published: its boot ended before the date was known."""
        if self._payload.dated and self._clock.utc(batch.readings[0][1].at) is None:
            return f"their date was never known, and {self._payload.schema} cannot carry readings without one"
        return None

    def of(self, batch: Batch, *, alarm: bool = False) -> Publication:
        """The message of a batch, for the channel of alarms or of readings; dates are resolved as late as possible."""
        channel = "alarms" if alarm else "readings"
        return Publication(
            self.topic(channel),
            self.packed(self._payload.encode(batch, self._clock)),
            self._properties(batch),
        )

    def packed(self, content: bytes) -> bytes:
        """The content as the destination wants it."""
        return zlib.compress(content, LEVEL) if self._deflate else content

    def topic(self, channel: str) -> str:
        """Where a channel goes: what the platform prescribes, or the channel itself."""
        return self._payload.topics.get(channel, channel)

    def _properties(self, batch: Batch) -> dict[str, str]:
        seqs = {"first": str(batch.first), "last": str(batch.last)} if batch.first else {}
        return {"node": self._node, "boot": batch.boot, **seqs, "lane": batch.lane, "schema": self._payload.schema}
