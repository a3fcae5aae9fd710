"""Plain JSON lines: an object a reading with its names written out, for whoever wants to read it without a manual.

``time`` is ISO 8601 in UTC; where the date is not known ``boot`` and ``seconds`` since its start stand in its place.
``clock`` is the source of the date and ``clock_error`` its error bound in seconds; without a date the boot began
between ``earliest`` and ``latest`` (seconds since 1970), where these are known.
"""

import json
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from drivers import Reason
from edge.payload.channels import Table
from edge.payload.payload import Dates, Payload
from edge.payload.record import Record, Unreadable
from edge.payload.words import number, number_or_none, placed, raw, trusted
from edge.reading import Batch, Reading, Spread

PLACED = {"cs": "clock", "ce": "clock_error", "be": "earliest", "bl": "latest"}


class Lines(Payload):
    """A line a reading."""

    schema = "json"

    def encode(self, batch: Batch, dates: Dates) -> bytes:
        """The lines; each can be read without the others."""
        heads = ({"node": batch.node, **({"seq": seq} if seq else {})} for seq, _ in batch.readings)
        place = {PLACED[word]: value for word, value in placed(batch, dates).items()}
        lines = (
            head | _line(reading, dates.utc(reading.at)) | place
            for head, (_, reading) in zip(heads, batch.readings, strict=True)
        )
        return b"".join(json.dumps(line, separators=(",", ":"), allow_nan=False).encode() + b"\n" for line in lines)

    @classmethod
    def decode(cls, message: bytes, tables: Mapping[str, Table]) -> Iterator[Record]:
        """The readings of a message. Raises ``Unreadable``."""
        try:
            for line in message.splitlines():
                yield _record(json.loads(line))
        except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError) as error:
            raise Unreadable(f"the lines make no sense: {error!r}") from error


def _line(reading: Reading, date: int | None) -> dict[str, Any]:
    quality = reading.quality if date is not None else reading.quality.flagged(Reason.CLOCK)
    line: dict[str, Any] = {"device": reading.device, "quantity": reading.quantity, "unit": reading.unit}
    line |= {"value": trusted(reading), "quality": int(quality.level)}
    line |= (
        {"boot": reading.at.boot, "seconds": reading.at.ticks // 1000 / 1e6} if date is None else {"time": iso(date)}
    )
    if quality.reasons:
        line["reasons"] = quality.reasons.words()
    if reading.span:
        line["span"] = round(reading.span, 3)
    if (first := raw(reading)) is not None:
        line["raw"] = first
    if (spread := reading.spread) is not None:
        line |= {"count": spread.count, "min": number(spread.low), "max": number(spread.high)}
    return line


def iso(utc: int) -> str:
    """Nanoseconds since 1970 as ISO 8601: ``2026-11-25T16:04:28.123456Z``."""
    seconds, rest = divmod(utc // 1000, 1_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest:06d}Z"


def _record(line: Mapping[str, Any]) -> Record:
    dated = "time" in line
    return Record(
        str(line["node"]),
        line.get("seq"),
        str(line["device"]),
        str(line["quantity"]),
        str(line["unit"]),
        number_or_none(line["value"]),
        datetime.fromisoformat(line["time"]).timestamp() if dated else float(line["seconds"]),
        None if dated else str(line["boot"]),
        int(line["quality"]),
        tuple(str(word) for word in line.get("reasons", ())),
        float(line.get("span", 0.0)),
        number_or_none(line.get("raw")),
        Spread(int(line["count"]), float(line["min"]), float(line["max"])) if "count" in line else None,
    )
