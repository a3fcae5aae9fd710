"""What an encoder is, and the words that all of them use."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import ClassVar, Protocol

from edge.clock import Bounds, Stamp, Trust
from edge.payload.channels import Channels, Table
from edge.payload.record import Record, Unreadable
from edge.reading import Batch


class Dates(Protocol):
    """What is known of the date of a stamp; a ``Clock`` gives it."""

    def utc(self, stamp: Stamp) -> int | None:
        """Nanoseconds since 1970; None while it is not known."""

    def trust(self, stamp: Stamp) -> Trust | None:
        """Where that comes from, and its error bound in seconds."""

    def bounds(self, boot: str) -> Bounds:
        """Between which dates a boot began that has none."""


class Payload(ABC):
    """Turns a batch into the bytes of one message. Who writes one overrides ``encode``, and ``decode`` where it can.

    ``schema`` tells a receiver how to read it; ``dated`` payloads cannot say "the date is not known": their
    readings wait until it is. ``topics`` are those that a platform prescribes, by channel; such a platform does not
    inflate either. ``needs`` is a module that is not always installed, ``remedy`` how to get it.
    """

    schema: ClassVar[str]
    dated: ClassVar[bool] = False
    topics: ClassVar[Mapping[str, str]] = {}
    needs: ClassVar[str] = ""
    remedy: ClassVar[str] = ""

    def __init__(self, channels: Channels | None = None) -> None:
        """``channels`` are the numbers that the inventory of the node publishes."""
        self.channels = channels or Channels()

    @abstractmethod
    def encode(self, batch: Batch, dates: Dates) -> bytes:
        """The message; dates are resolved now, as late as possible."""

    @classmethod
    def decode(cls, message: bytes, tables: Mapping[str, Table]) -> Iterator[Record]:
        """The readings of a message; ``tables`` are the channel tables of inventories that came, by their digest.

        Raises ``Unreadable``.
        """
        raise Unreadable(f"{cls.schema} is written for its platform and cannot be read back")
