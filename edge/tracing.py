"""Why a value is what it is: one reading from the driver to each destination, as far as that can be known."""

from collections.abc import Callable, Mapping
from typing import Any

from edge.calibration.record import Record
from edge.clock import Stamp
from edge.filters.causes import causes
from edge.forwarding.forwarder import Forwarder
from edge.outbox.search import by_seq, newest
from edge.pipeline import Pipeline
from edge.reading import Reading
from edge.sensing.device import Device
from edge.stores import Stores

FIELDS = ("value", "unit", "raw", "span")


def watched(stores: Stores, device: Device, quantity: str, since: int | None) -> dict[str, Any]:
    """The path of a measurement from boot ticks ``since`` on, or ``since`` to ask again with: it is waited for now."""
    path, now = device.way.seen, stores.clock.now()
    if since is None or path is None or path.asked != quantity or path.at.ticks < since:
        device.way.watch(quantity)
        return {"since": now.ticks if since is None else since, "pace": device.pace}
    return {"at": _moment(stores, path.at), "steps": path.told()}


def trail(pipeline: Pipeline, stores: Stores, channel: str, which: Mapping[str, Any]) -> dict[str, Any] | None:
    """What is known of a reading on the card: by ``seq``, ``boot`` and ``ticks``, seconds ``ago``, or ``utc``."""
    found = Trail(pipeline, stores)
    if "seq" in which:
        return found.by_seq(channel, which["seq"])
    if "ticks" in which:
        return found.at(channel, which["boot"], which["ticks"])
    return found.ago(channel, which["ago"]) if "ago" in which else found.on(channel, which["utc"])


class Trail:
    """What became of readings behind the filters: on the card, and on the way to each destination."""

    def __init__(self, pipeline: Pipeline, stores: Stores) -> None:
        self._pipeline, self._stores = pipeline, stores

    def by_seq(self, channel: str, seq: int) -> dict[str, Any]:
        """The reading with a seq. Raises ``ValueError`` where it is no longer kept, or of another channel."""
        found = by_seq(self._stores.outbox, seq)
        if found is None:
            outbox = self._stores.outbox
            raise ValueError(f"seq {seq} is not on the card; it has {outbox.first}..{outbox.last} and alarms")
        reading, alarm = found
        if _channel(reading) != channel:
            raise ValueError(f"seq {seq} is of {_channel(reading)}")
        return self._told(seq, reading, alarm)

    def at(self, channel: str, boot: str, ticks: int) -> dict[str, Any] | None:
        """The reading of exactly that moment; None as long as it is not on the card."""
        found = self._newest(channel, lambda at: at.boot == boot and at.ticks > ticks)
        return found if found and (found["at"]["boot"], found["at"]["ticks"]) == (boot, ticks) else None

    def ago(self, channel: str, seconds: float) -> dict[str, Any] | None:
        """The newest reading that is so old, of this boot or an earlier one."""
        now = self._stores.clock.now()
        return self._newest(channel, lambda at: at.boot == now.boot and at.ticks > now.ticks - seconds * 1e9)

    def on(self, channel: str, utc: float) -> dict[str, Any] | None:
        """The newest dated reading up to a date in seconds since 1970."""
        dated = self._stores.clock.utc
        return self._newest(channel, lambda at: self._earliest(at) > utc * 1e9, lambda at: dated(at) is not None)

    def _earliest(self, at: Stamp) -> float:
        """The date of a moment, or one before it: boots without a date lie between those that have one."""
        clock = self._stores.clock
        utc = clock.utc(at)
        return utc if utc is not None else (clock.bounds(at.boot).earliest or 0) + at.ticks

    def _newest(
        self, channel: str, past: Callable[[Stamp], bool], meant: Callable[[Stamp], bool] = lambda at: True
    ) -> dict[str, Any] | None:
        def wanted(one: Reading) -> bool:
            return _channel(one) == channel and meant(one.at)

        for alarm in (False, True):
            found = newest(self._stores.outbox, wanted, past, alarm)
            if found is not None:
                return self._told(*found, alarm)
        return None

    def _told(self, seq: int, reading: Reading, alarm: bool) -> dict[str, Any]:
        record = self._stores.logbook.then(reading.device, reading.quantity, reading.at)
        return {
            "at": _moment(self._stores, reading.at),
            "seq": seq,
            "lane": "alarm" if alarm else "routine",
            "reading": {name: getattr(reading, name) for name in FIELDS}
            | {"level": int(reading.quality.level), "reasons": reading.quality.reasons.words()},
            "calibration": None if record is None else _law(record, reading),
            "filters": self._filters(reading),
            "destinations": [_destination(one, seq, reading) for one in self._pipeline.forwarders],
        }

    def _filters(self, reading: Reading) -> dict[str, Any] | None:
        """Those that its sensor has now, and whether they were the same then; None for what is of no sensor."""
        device = self._pipeline.device(reading.device)
        if device is None:
            return None
        found, brought = causes(device.way.chain.links, reading)
        since = device.filtered
        same = reading.at.boot == since.boot and reading.at.ticks >= since.ticks
        return {"passed": [one.as_dict() for one in found], "brought": brought.words(), "same": same}


def _law(record: Record, reading: Reading) -> dict[str, Any]:
    """What the record makes of the raw value: the filters may have changed it further."""
    raw = reading.value if reading.raw is None else reading.raw
    value = record.curve(raw) if record.curve is not None and raw is not None else None
    return {"about": record.about, "made": record.made, "raw": raw, "value": value}


def _destination(forwarder: Forwarder, seq: int, reading: Reading) -> dict[str, Any]:
    return {"name": forwarder.name, "state": forwarder.whereabouts(seq, reading), "link": forwarder.state}


def _moment(stores: Stores, at: Stamp) -> dict[str, Any]:
    utc = stores.clock.utc(at)
    return {"boot": at.boot, "ticks": at.ticks, "utc": None if utc is None else round(utc / 1e9, 3)}


def _channel(reading: Reading) -> str:
    return f"{reading.device}/{reading.quantity}"
