"""SenML in JSON (RFC 8428) with the extensions that carry seq, quality and undated time.

``bsq`` is the seq of the first record and each next one counts one up unless it has ``sq``; ``q`` is the quality level
unless good, ``qr`` its reasons; ``dt`` the seconds covered, ``t`` then being their start; ``rv`` the raw value;
``count``, ``min`` and ``max`` what an interval was made of. A boot without an anchor has ``bb``, and in ``t`` the
seconds since boot. A value that is bad or missing stands for nothing: its record has no ``v``, only ``rv``.
"""

import json
from typing import Any

from drivers import Reason
from edge.payload.payload import Dates
from edge.reading import GOOD, Batch, Level, Quality, Reading

# UCUM to the name registered for SenML where they differ (RFC 8428 section 12.1, RFC 8798)
UNITS = {"1": "/", "%": "/100", "L": "l"}
PLACES = {"latitude": "lat", "longitude": "lon"}


class SenML:
    """One pack a batch."""

    schema = "senml+json"

    def encode(self, batch: Batch, utc: Dates) -> bytes:
        """The pack; all its readings are of one boot, so either all of them have a date or none has."""
        ticks = batch.readings[0][1].at.ticks
        base = utc(batch.readings[0][1].at)
        head: dict[str, Any] = {"bn": f"urn:dev:ops:{batch.node}/"}
        head |= {"bb": batch.boot} if base is None else {"bt": round(base / 1e9, 6)}
        head["bsq"] = seq = batch.first
        records = []
        for number, reading in batch.readings:
            record = _record(reading, 0 if base is None else ticks, dated=base is not None)
            if number != seq:
                record["sq"] = seq = number
            records.append(record)
            seq += 1
        records[0] = head | records[0]
        return json.dumps(records, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _record(reading: Reading, base: int, *, dated: bool) -> dict[str, Any]:
    record: dict[str, Any] = {"n": f"{reading.device}/{reading.quantity}", "u": _unit(reading)}
    time = round((reading.at.ticks - base) / 1e9, 6)
    if time or not dated:
        record["t"] = time
    if reading.span:
        record["dt"] = round(reading.span, 3)
    quality = reading.quality if dated else reading.quality.flagged(Reason.CLOCK)
    if quality is not GOOD:
        record |= _quality(quality)
    if reading.value is not None:
        record["v" if quality.level < Level.BAD else "rv"] = _number(reading.value)
    if reading.raw is not None:
        record["rv"] = _number(reading.raw)
    if reading.spread is not None:
        spread = reading.spread
        record |= {"count": spread.count, "min": _number(spread.low), "max": _number(spread.high)}
    return record


def _unit(reading: Reading) -> str:
    return PLACES.get(reading.quantity) or UNITS.get(reading.unit, reading.unit)


def _quality(quality: Quality) -> dict[str, Any]:
    level = {} if quality.level == Level.GOOD else {"q": int(quality.level)}
    return level | ({"qr": quality.reasons.words()} if quality.reasons else {})


def _number(value: float) -> float:
    """Whole numbers without the point, others without the noise of binary fractions: 11.332, not 11.331999999999999."""
    return int(value) if value.is_integer() else float(f"{value:.15g}")
