"""A reading as bytes: 16 for a plain one, so that a card lasts.

A record is ``crc32 | kind | body``. The check sum covers kind and body and is seeded with the salt of the segment, so
that records of a segment's earlier life do not count. The body of a reading::

    u16 seq (low bits)  u16 channel  u40 microseconds since the segment's base (signed)
    [value] [f64 raw] [f32 span] [u8 level, u16 reasons] [u32 count, f64 low, f64 high]

    kind  7 far      6 spread  5 quality  4 span  3 raw   2..0 value
          seq u32    which of the parts are there         how it is coded, see NUMBERS; 0 is no reading

A value of few decimals is a whole number of tenths, hundredths and so on: what comes back is the very same double.
Kind 0x80 names a channel: ``u8 n`` and 8 n bytes of JSON padded with blanks.

Version 1 had ``crc32 | size | kind | body``, a far seq, only f64 values, and kind 0x81 for a channel.
"""

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple
from zlib import crc32

from drivers import Reason
from edge.clock import Stamp
from edge.outbox.header import Header
from edge.reading import GOOD, Level, Quality, Reading, Spread, Stored


class Number(NamedTuple):
    """How a value is coded: as what, and in which parts of the unit; ``most`` is the highest whole number."""

    form: str
    parts: float = 1.0
    most: int = 0


NOTHING, DOUBLE = 1, 2
NUMBERS = {
    NOTHING: Number(""),
    DOUBLE: Number("d"),
    3: Number("h", 10.0, 0x7FFF),
    4: Number("h", 100.0, 0x7FFF),
    5: Number("i", 10_000.0, 0x7FFF_FFFF),
    6: Number("i", 10_000_000.0, 0x7FFF_FFFF),  # degrees of latitude and longitude
    7: Number("i", 10.0, 0x7FFF_FFFF),  # what has counted for long
}
WHOLE = [(code, parts, most) for code, (_, parts, most) in NUMBERS.items() if most]
PARTS = ("d", "f", "BH", "Idd")  # raw, span, quality, spread
RAW, SPAN, QUALITY, SPREAD = (8 << bit for bit in range(len(PARTS)))
FAR = CHANNEL = 0x80  # of a reading, without a value code that of a channel
NEAR = 0xFFFF  # the farthest from the first seq of a segment that two bytes reach
PLAIN_REST = (0.0, GOOD, None, None)  # span, quality, raw and spread of a plain reading
US_LIMIT = 1 << 39  # microseconds that a record may lie away from the base of its segment
NAME = 6  # bytes before the text of a channel
LOOK = 1 << 16  # bytes that are looked through for the next whole record
SHORTEST_READING = 14  # bytes; what bounds the seqs that a damaged segment may have held


def _layout(kind: int) -> struct.Struct | None:
    """Kind and body of a reading; None for a kind that is none."""
    if not kind & 7:
        return None
    parts = "".join(part for bit, part in enumerate(PARTS) if kind >> bit & 8)
    return struct.Struct(f"<B{'I' if kind & FAR else 'H'}HIb{NUMBERS[kind & 7].form}{parts}")


LAYOUTS = tuple(map(_layout, range(256)))


class Format(NamedTuple):
    """How a version writes: where kind and size stand, the kind of today for each of its own, and their lengths."""

    kind_at: int
    size_at: int
    kinds: bytes
    lengths: tuple[int, ...]


def _format(kind_at: int, size_at: int, kinds: bytes) -> Format:
    sizes = (layout.size if (layout := LAYOUTS[kind]) else 0 for kind in kinds)
    return Format(kind_at, size_at, kinds, tuple(kind_at + size if size else 0 for size in sizes))


FIRST_KINDS = bytes(FAR | kind >> 1 << 3 | (DOUBLE if kind & 1 else NOTHING) for kind in range(32))
FORMATS = {
    1: _format(5, 4, FIRST_KINDS.ljust(0x81, b"\0") + bytes([CHANNEL]) + bytes(0x7E)),
    2: _format(4, 5, bytes(range(256))),
}


@dataclass(frozen=True, slots=True)
class Channel:
    """What a reading is a reading of."""

    device: str
    quantity: str
    unit: str


def channel_record(number: int, channel: Channel, salt: int) -> bytes:
    """The record that gives a channel its number."""
    text = json.dumps([number, channel.device, channel.quantity, channel.unit]).encode()
    text += b" " * (-len(text) % 8)
    return _checked(bytes((CHANNEL, len(text) // 8)) + text, salt)


def _checked(body: bytes, salt: int) -> bytes:
    return crc32(body, salt).to_bytes(4, "little") + body


def channel_of(body: bytes) -> tuple[int, Channel]:
    """The number and the channel that a channel record names."""
    number, device, quantity, unit = json.loads(body)
    return number, Channel(device, quantity, unit)


def reading_record(seq: int, channel: int, reading: Reading, header: Header) -> bytes:
    """A reading as it stands in the segment with this header."""
    us = reading.at.ticks // 1000 - header.base
    kind, value = _coded(reading.value)
    if seq - header.first > NEAR:
        kind |= FAR
    head = (seq & (0xFFFFFFFF if kind & FAR else NEAR), channel, us & 0xFFFFFFFF, us >> 32, *value)
    if reading[5:] != PLAIN_REST:
        for bit, part in enumerate(_parts(reading)):
            if part is not None:
                kind |= 8 << bit
                head += part
    return _checked(LAYOUTS[kind].pack(kind, *head), header.salt)  # type: ignore[union-attr]


def _coded(value: float | None) -> tuple[int, tuple[float, ...]]:
    """The code and the number for a value; only what gives the very same double back will do."""
    if value is None:
        return NOTHING, ()
    for code, parts, most in WHOLE:
        scaled = value * parts
        if -most < scaled < most and (whole := round(scaled)) / parts == value:
            return code, (whole,)
    return DOUBLE, (value,)


def _parts(reading: Reading) -> Iterator[tuple[float, ...] | None]:
    yield None if reading.raw is None else (reading.raw,)
    yield (reading.span,) if reading.span else None
    quality = reading.quality
    yield None if quality == GOOD else (int(quality.level), int(quality.reasons))
    spread = reading.spread
    yield None if spread is None else (spread.count, spread.low, spread.high)


def reading_of(kind: int, body: bytes, channels: dict[int, Channel], header: Header) -> Stored | None:
    """The reading and its seq; None when its channel is not known."""
    _, seq, number, low, high, *rest = LAYOUTS[kind].unpack(body)  # type: ignore[union-attr]
    channel = channels.get(number)
    if channel is None:
        return None
    seq = header.first + ((seq - header.first) & (0xFFFFFFFF if kind & FAR else NEAR))
    at = Stamp(header.boot, (header.base + (high << 32 | low)) * 1000)
    code = kind & 7
    value = None if code == NOTHING else rest.pop(0) if code == DOUBLE else rest.pop(0) / NUMBERS[code].parts
    return seq, Reading(channel.device, channel.quantity, value, channel.unit, at, *_rest(kind, rest))


def _rest(kind: int, fields: list[Any]) -> tuple[Any, ...]:
    """Span, quality, raw and spread."""
    if not kind & (RAW | SPAN | QUALITY | SPREAD):
        return PLAIN_REST
    raw = fields.pop(0) if kind & RAW else None
    span = fields.pop(0) if kind & SPAN else 0.0
    quality = Quality(Level(fields.pop(0)), Reason(fields.pop(0))) if kind & QUALITY else GOOD
    return span, quality, raw, Spread(*fields) if kind & SPREAD else None


def records(data: bytes, at: int, header: Header) -> Iterator[tuple[int, int, bytes]]:
    """The records of ``data`` from ``at`` on: (offset behind it, kind of today, body). Damage is jumped over.

    A damaged record costs itself: the next one is looked for at every offset, as far as ``LOOK`` bytes on. The body of
    a reading begins with its kind, that of a channel is its text.
    """
    how, salt = FORMATS[header.version], header.salt
    while at < len(data):
        end = at + _length(data, at, how)
        if end > at and crc32(data[at + 4 : end], salt) == int.from_bytes(data[at : at + 4], "little"):
            kind = how.kinds[data[at + how.kind_at]]
            yield end, kind, data[at + (NAME if kind == CHANNEL else how.kind_at) : end]
            at = end
        else:
            at = _resync(data, at + 1, how, salt)


def _length(data: bytes, at: int, how: Format) -> int:
    """The length that a record at ``at`` would have; 0 if there cannot be one."""
    if at + NAME > len(data):
        return 0
    kind = data[at + how.kind_at]
    length = how.lengths[kind]
    if not length and how.kinds[kind] == CHANNEL:
        length = NAME + 8 * data[at + how.size_at]
    return length if at + length <= len(data) else 0


def _resync(data: bytes, at: int, how: Format, salt: int) -> int:
    for here in range(at, min(len(data), at + LOOK)):
        end = here + _length(data, here, how)
        if end > here and crc32(data[here + 4 : end], salt) == int.from_bytes(data[here : here + 4], "little"):
            return here
    return len(data)
