"""ThingsBoard's gateway telemetry: ``{"LP-0417/pm": [{"ts": 1790000001123, "values": {"pm2_5": 8}}]}``.

A device of the platform is ``<node>/<device>``. Beside a key stand, where there is something to say, ``<key>_quality``
(the level), ``<key>_reasons``, ``<key>_raw``, ``<key>_span`` and ``<key>_count``, ``_min`` and ``_max``; a value that
is bad or missing has no key of its own. The platform knows no seq and no microseconds; a repeat overwrites itself,
since device, key and time are the same. It would date a reading without ``ts`` by its arrival, so undated ones wait.
"""

import json
from typing import Any, ClassVar

from edge.payload.payload import Dates, Payload
from edge.payload.words import number, raw, trusted
from edge.reading import GOOD, Batch, Level, Reading

TELEMETRY = "v1/gateway/telemetry"
OWN_TELEMETRY, OWN_ATTRIBUTES = "v1/devices/me/telemetry", "v1/devices/me/attributes"  # of the gateway itself


class ThingsBoard(Payload):
    """One object a batch, by device; readings of one device and moment share an entry."""

    schema = "thingsboard"
    dated = True
    topics: ClassVar[dict[str, str]] = {
        "readings": TELEMETRY,
        "alarms": TELEMETRY,
        "health": OWN_TELEMETRY,
        "inventory": OWN_ATTRIBUTES,
    }

    def encode(self, batch: Batch, dates: Dates) -> bytes:
        """The message. Raises ``ValueError`` for a batch without a date."""
        devices: dict[str, list[dict[str, Any]]] = {}
        for _, reading in batch.readings:
            date = dates.utc(reading.at)
            if date is None:
                raise ValueError(f"{self.schema} cannot carry a reading whose date is not known")
            ts, entries = date // 1_000_000, devices.setdefault(f"{batch.node}/{reading.device}", [])
            if not entries or entries[-1]["ts"] != ts:
                entries.append({"ts": ts, "values": {}})
            entries[-1]["values"] |= _values(reading)
        return json.dumps(devices, separators=(",", ":"), allow_nan=False).encode()


def _values(reading: Reading) -> dict[str, Any]:
    key, quality, spread = reading.quantity, reading.quality, reading.spread
    values: dict[str, Any] = {key: trusted(reading), f"{key}_raw": raw(reading)}
    if quality is not GOOD:
        values[f"{key}_quality"] = int(quality.level) if quality.level != Level.GOOD else None
        values[f"{key}_reasons"] = " ".join(quality.reasons.words()) or None
    if reading.span:
        values[f"{key}_span"] = round(reading.span, 3)
    if spread is not None:
        values |= {f"{key}_count": spread.count, f"{key}_min": number(spread.low), f"{key}_max": number(spread.high)}
    return {key: value for key, value in values.items() if value is not None}
