"""What a destination is."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol


class Ack(NamedTuple):
    """The destination's word on one message: taken, or ``refused`` for ever with its reason."""

    token: int
    refused: str | None = None


class Uplink(Protocol):
    """A destination: sends messages and tells which of them are acknowledged. Driven by one thread."""

    window: int  # messages that may be under way at a time
    largest: int | None  # bytes a message may have, once connected

    def connect(self) -> None:
        """Connects anew; what was under way before is forgotten. Raises ``UplinkDown``."""

    def send(self, channel: str, payload: bytes, properties: Mapping[str, str], *, retain: bool = False) -> int:
        """Sends a message and returns its token. Raises ``UplinkDown`` (keep it) or ``Refused`` (it will never go).

        A ``channel`` with a stroke is a whole topic. With ``retain`` the broker keeps it for whoever comes later.
        """

    def poll(self, seconds: float) -> list[Ack]:
        """Lets the connection work for so long, less when something came or ``wake`` was called.

        Raises ``UplinkDown``.
        """

    def inbox(self) -> list[tuple[str, bytes]]:
        """What came since the last call, unread: channel (``receipt``, ``command``) and payload of each message."""

    def unsent(self) -> int:
        """Bytes of what was sent that the network has not carried to the other machine yet. Raises ``UplinkDown``."""

    def traffic(self) -> int:
        """Bytes that the network carried in both directions since the last call, with all headers."""

    def wake(self) -> None:
        """Ends a ``poll`` early; from any thread."""

    def close(self) -> None:
        """Says good-bye where that is still possible."""
