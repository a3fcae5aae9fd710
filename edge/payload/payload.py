"""What an encoder is."""

from collections.abc import Callable
from typing import Protocol

from edge.clock import Stamp
from edge.reading import Batch

Dates = Callable[[Stamp], int | None]  # the UTC of a stamp in ns since 1970, None while it is not known


class Payload(Protocol):
    """Turns a batch into the bytes of one message."""

    schema: str  # what a receiver needs to know to decode it

    def encode(self, batch: Batch, utc: Dates) -> bytes:
        """The message; dates are resolved now, as late as possible."""
