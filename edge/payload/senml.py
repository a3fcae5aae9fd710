"""SenML in JSON (RFC 8428) with the extensions that carry seq, quality and undated time.

``bsq`` is the seq of the first record and each next one counts one up unless it has ``sq``; copies of readings that are
not on the card have neither. The other words stand in ``edge.payload.words``. A boot without an anchor has ``bb``, and
in ``t`` the seconds since boot. A value that is bad or missing stands for nothing: its record has no ``v``, only
``rv``.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from drivers import Reason
from edge.payload.channels import Table
from edge.payload.payload import Dates, Payload
from edge.payload.record import Record, Unreadable
from edge.payload.words import beside, number_or_none, placed, read, trusted
from edge.reading import Batch, Reading

# UCUM to the name registered for SenML where they differ (RFC 8428 section 12.1, RFC 8798)
UNITS = {"1": "/", "%": "/100", "L": "l"}
PLACES = {"latitude": "lat", "longitude": "lon"}
UCUM = {name: unit for unit, name in UNITS.items()} | dict.fromkeys(PLACES.values(), "deg")
URN = "urn:dev:ops:"
WRITER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)


class SenML(Payload):
    """One pack a batch."""

    schema = "senml+json"

    def encode(self, batch: Batch, dates: Dates) -> bytes:
        """The pack; all its readings are of one boot, so either all of them have a date or none has."""
        return f"[{','.join(map(WRITER.encode, packed(batch, dates)))}]".encode()  # one by one: memory stays low

    @classmethod
    def decode(cls, message: bytes, tables: Mapping[str, Table]) -> Iterator[Record]:
        """The readings of a pack. Raises ``Unreadable``."""
        try:
            records = json.loads(message)
        except (ValueError, RecursionError) as error:
            raise Unreadable(f"no JSON: {error}") from error
        return unpack(records)


def packed(batch: Batch, dates: Dates) -> Iterator[dict[str, Any]]:
    """The records of a batch; the first one carries what all share."""
    ticks = batch.readings[0][1].at.ticks
    base = dates.utc(batch.readings[0][1].at)
    head: dict[str, Any] = {"bn": f"{URN}{batch.node}/"}
    head |= {"bb": batch.boot} if base is None else {"bt": round(base / 1e9, 6)}
    head |= placed(batch, dates)
    seq = batch.first
    if seq:
        head["bsq"] = seq
    for number, reading in batch.readings:
        record = _record(reading, 0 if base is None else ticks, dated=base is not None)
        if number and number != seq:
            record["sq"] = seq = number
        yield head | record
        head = {}
        seq += 1


def unpack(records: Any) -> Iterator[Record]:
    """The readings of a pack's records. Raises ``Unreadable``."""
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records) or not records:
        raise Unreadable("a pack is a list of records")
    try:
        yield from _unpacked(records)
    except (TypeError, ValueError, KeyError, ArithmeticError) as error:
        raise Unreadable(f"the pack makes no sense: {error!r}") from error


def _unpacked(records: Sequence[Mapping[str, Any]]) -> Iterator[Record]:
    head, seq = records[0], records[0].get("bsq")
    base, boot = float(head.get("bt", 0.0)), head.get("bb")
    for at, fields in enumerate(records):
        if seq is not None:
            seq = int(fields.get("sq", seq + (at > 0)))
        node, device, quantity = (str(head["bn"]) + str(fields["n"])).removeprefix(URN).split("/", 2)
        unit = str(fields["u"])
        time = round(base + float(fields.get("t", 0.0)), 6)
        value = number_or_none(fields.get("v"))
        yield Record(node, seq, device, quantity, UCUM.get(unit, unit), value, time, boot, **read(fields))


def _record(reading: Reading, base: int, *, dated: bool) -> dict[str, Any]:
    time = round((reading.at.ticks - base) / 1e9, 6)
    record: dict[str, Any] = {"t": time} if time or not dated else {}  # first: so it deflates best
    record |= {"n": f"{reading.device}/{reading.quantity}", "u": _unit(reading)}
    if (value := trusted(reading)) is not None:
        record["v"] = value
    return record | beside(reading, reading.quality if dated else reading.quality.flagged(Reason.CLOCK))


def _unit(reading: Reading) -> str:
    return PLACES.get(reading.quantity) or UNITS.get(reading.unit, reading.unit)
