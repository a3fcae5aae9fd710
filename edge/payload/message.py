"""A message as it came, for whoever receives: inflated, told apart, decoded."""

import json
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from edge.payload.channels import Table
from edge.payload.record import Record, Unreadable
from edge.payload.registry import load

LARGEST = 64 << 20  # bytes that a message may inflate to


def plain(message: bytes) -> bytes:
    """The message inflated, where it is deflated (RFC 1950: it begins with 0x78). Raises ``Unreadable``."""
    if not message.startswith(b"\x78"):
        return message
    inflate = zlib.decompressobj()
    try:
        out = inflate.decompress(message, LARGEST)
    except zlib.error as error:
        raise Unreadable(f"the message cannot be inflated: {error}") from error
    if not inflate.eof:
        raise Unreadable(f"the message is cut, or inflates to more than {LARGEST} bytes")
    return out


def told(message: bytes) -> Any:
    """What a message of JSON says: status, health, event, inventory. Raises ``Unreadable``."""
    try:
        return json.loads(plain(message))
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"no JSON: {error}") from error


def records(message: bytes, schema: str | None, tables: Mapping[str, Table]) -> Iterator[Record]:
    """The readings of a message.

    ``schema`` is the user property of that name; MQTT 3.1.1 has none, and then the message shows what it is. ``tables``
    are those of the inventories that came, by their digest. Raises ``Unreadable``.
    """
    content = plain(message)
    try:
        kind = load(schema or shown(content))
    except LookupError as error:
        raise Unreadable(str(error)) from error
    return kind.decode(content, tables)


def shown(content: bytes) -> str:
    """The schema that a message without properties shows by its beginning."""
    if content.startswith(b"["):
        return "senml+json"
    if content[:1] >= b"\x80":  # an array of CBOR
        return "senml+cbor"
    return "rows" if b'"rows":' in content.partition(b"\n")[0] else "json"
