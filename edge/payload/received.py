"""Reads a message as it came from a broker: deflated or not, whatever its schema."""

import zlib
from collections.abc import Iterator, Mapping

from edge.payload.channels import Table
from edge.payload.record import Record, Unreadable
from edge.payload.registry import load

DEFLATED = b"\x78"
LARGEST = 64_000_000  # bytes a message may grow to: a small one must not fill a receiver's memory
PLAIN = "senml+json"  # the schema of a message that does not say any


def received(message: bytes, properties: Mapping[str, str], tables: Mapping[str, Table]) -> Iterator[Record]:
    """The readings of a message with its user properties. Raises ``Unreadable``."""
    try:
        payload = load(properties.get("schema", PLAIN))
    except (LookupError, ImportError) as error:
        raise Unreadable(str(error)) from error
    yield from payload.decode(inflated(message), tables)


def inflated(message: bytes) -> bytes:
    """The message as it was before it was deflated, if it was. Raises ``Unreadable``."""
    if not message.startswith(DEFLATED):
        return message
    inflate = zlib.decompressobj()
    try:
        plain = inflate.decompress(message, LARGEST)
    except zlib.error as error:
        raise Unreadable(f"it is deflated and damaged: {error}") from error
    if not inflate.eof:
        raise Unreadable("it is deflated and not whole, or too large")
    return plain
