"""A reading as bytes: 25 for a plain one, so that a card lasts.

A record is ``crc32 | size | kind | body``. The check sum covers size, kind and body and is seeded with the salt of
the segment, so that records of a segment's earlier life do not count. The body of a reading::

    u32 seq (low bits)  u16 channel  u40 microseconds since the segment's base (signed)
    [f64 value] [f64 raw] [f32 span] [u8 level, u16 reasons] [u32 count, f64 low, f64 high]

where the bits of ``kind`` say which of the optional parts are there. Kind 0x81 names a channel in JSON, padded with
blanks to a multiple of 8 bytes; its ``size`` counts eights.
"""

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from drivers import Reason
from edge.clock import Stamp
from edge.reading import GOOD, Level, Quality, Reading, Spread

FRAME = struct.Struct("<IBB")
HEAD = struct.Struct("<IHIb")
PARTS = (struct.Struct("<d"), struct.Struct("<d"), struct.Struct("<f"), struct.Struct("<BH"), struct.Struct("<Idd"))
VALUE, RAW, SPAN, QUALITY, SPREAD = (1 << bit for bit in range(5))
PLAIN = struct.Struct("<IHIbd")
CHANNEL = 0x81
SIZES = tuple(HEAD.size + sum(part.size for bit, part in enumerate(PARTS) if kind >> bit & 1) for kind in range(32))
PLAIN_REST = (0.0, GOOD, None, None)  # span, quality, raw and spread of a plain reading
US_LIMIT = 1 << 39  # microseconds that a record may lie away from the base of its segment


@dataclass(frozen=True, slots=True)
class Channel:
    """What a reading is a reading of."""

    device: str
    quantity: str
    unit: str


def frame(kind: int, size: int, body: bytes, salt: int) -> bytes:
    """A record ready to be written."""
    head = bytes((size, kind))
    return crc32(body, crc32(head, salt)).to_bytes(4, "little") + head + body


def channel_record(number: int, channel: Channel, salt: int) -> bytes:
    """The record that gives a channel its number."""
    text = json.dumps([number, channel.device, channel.quantity, channel.unit]).encode()
    body = text + b" " * (-len(text) % 8)
    return frame(CHANNEL, len(body) // 8, body, salt)


def channel_of(body: bytes) -> tuple[int, Channel]:
    """The number and the channel that a channel record names."""
    number, device, quantity, unit = json.loads(body)
    return number, Channel(device, quantity, unit)


def reading_record(seq: int, channel: int, reading: Reading, base: int, salt: int) -> bytes:
    """A reading; ``base`` are the microseconds its segment counts from."""
    us = reading.at.ticks // 1000 - base
    head = (seq & 0xFFFFFFFF, channel, us & 0xFFFFFFFF, us >> 32)
    if reading.value is not None and reading[5:] == PLAIN_REST:
        return frame(VALUE, PLAIN.size, PLAIN.pack(*head, reading.value), salt)
    kind, body = 0, HEAD.pack(*head)
    for bit, part in enumerate(_parts(reading)):
        if part is not None:
            kind |= 1 << bit
            body += PARTS[bit].pack(*part)
    return frame(kind, len(body), body, salt)


def _parts(reading: Reading) -> Iterator[tuple[float, ...] | None]:
    yield None if reading.value is None else (reading.value,)
    yield None if reading.raw is None else (reading.raw,)
    yield (reading.span,) if reading.span else None
    quality = reading.quality
    yield None if quality == GOOD else (int(quality.level), int(quality.reasons))
    spread = reading.spread
    yield None if spread is None else (spread.count, spread.low, spread.high)


def reading_of(
    kind: int, body: bytes, channels: dict[int, Channel], base: int, boot: str
) -> tuple[int, Reading] | None:
    """The low 32 bits of the seq and the reading; None when its channel is not known."""
    seq, number, low, high = HEAD.unpack_from(body)
    channel = channels.get(number)
    if channel is None:
        return None
    at = Stamp(boot, (base + (high << 32 | low)) * 1000)
    if kind == VALUE:
        (value,) = PARTS[0].unpack_from(body, HEAD.size)
        return seq, Reading(channel.device, channel.quantity, value, channel.unit, at)
    value, raw, span, quality, spread = _unpacked(kind, body)
    return seq, Reading(
        channel.device,
        channel.quantity,
        value[0] if value else None,
        channel.unit,
        at,
        span[0] if span else 0.0,
        Quality(Level(quality[0]), Reason(quality[1])) if quality else GOOD,
        raw[0] if raw else None,
        Spread(*spread) if spread else None,
    )


def _unpacked(kind: int, body: bytes) -> list[Any]:
    at = HEAD.size
    parts: list[Any] = []
    for bit, part in enumerate(PARTS):
        parts.append(part.unpack_from(body, at) if kind >> bit & 1 else None)
        at += part.size if kind >> bit & 1 else 0
    return parts


def records(data: bytes, at: int, salt: int) -> Iterator[tuple[int, int, bytes]]:
    """The records of ``data`` from ``at`` on: (offset behind it, kind, body). Damage is jumped over.

    A damaged record costs itself: the next one is looked for at every offset, as far as ``LOOK`` bytes on.
    """
    while at < len(data):
        size = _length(data, at)
        if size and crc32(data[at + 4 : at + size], salt) == int.from_bytes(data[at : at + 4], "little"):
            yield at + size, data[at + 5], data[at + 6 : at + size]
            at += size
        else:
            at = _resync(data, at + 1, salt)


LOOK = 1 << 16


def _length(data: bytes, at: int) -> int:
    """The length that a record at ``at`` would have; 0 if there cannot be one."""
    if at + FRAME.size > len(data):
        return 0
    size, kind = data[at + 4], data[at + 5]
    if kind < len(SIZES):
        length = FRAME.size + size if size == SIZES[kind] else 0
    else:
        length = FRAME.size + 8 * size if kind == CHANNEL else 0
    return length if at + length <= len(data) else 0


def _resync(data: bytes, at: int, salt: int) -> int:
    for here in range(at, min(len(data), at + LOOK)):
        size = _length(data, here)
        if size and crc32(data[here + 4 : here + size], salt) == int.from_bytes(data[here : here + 4], "little"):
            return here
    return len(data)
