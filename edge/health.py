"""How the node is, measured by flow: whether each device that should have spoken has spoken."""

import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import drivers
from edge.clock import Clock, Stamp
from edge.forwarding.forwarder import Forwarder
from edge.maintenance import Maintenance
from edge.outbox.outbox import Outbox
from edge.outbox.writer import Writer
from edge.reading import Reading
from edge.rules import Alarms
from edge.sensing.condition import Health
from edge.sensing.device import Device

PATIENCE = 60.0  # seconds without a sign of life after which a thread hangs: a DNS look-up may take half of it


class Beats:
    """Signs of life of the threads; the watchdog is fed only while all of them are fresh."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}

    def of(self, name: str) -> Callable[[], None]:
        """What thread ``name`` calls whenever it makes progress."""
        self._last[name] = time.monotonic()
        return lambda: self._last.__setitem__(name, time.monotonic())

    def forget(self) -> None:
        """The threads are others now."""
        self._last.clear()

    def hanging(self) -> list[str]:
        """The threads that give no sign of life."""
        now = time.monotonic()
        return [name for name, last in self._last.items() if now - last > PATIENCE]


def sensor_status(device: Device, maintenance: Maintenance) -> dict[str, Any]:
    """One sensor, for ``edge status``; ``maintenance`` are the seconds it goes on, None without."""
    now = time.monotonic()
    return {
        "name": device.name,
        "driver": device.settings.driver,
        "health": device.health.value,
        "trouble": device.trouble,
        "for": round(now - device.since, 1),
        "good": device.counts.good,
        "bad": device.counts.bad,
        "opened": device.counts.opened,
        "resets": device.counts.resets,
        "running_hours": round(device.memory.get("running_hours", 0.0), 2),
        "lifetime": drivers.load(device.settings.driver).lifetime,
        "power_cycles": device.power.cycles if device.power is not None else 0,
        "maintenance": maintenance.left(device.name),
        "values": {name: _value(reading) for name, reading in dict(device.counts.latest).items()},
    }


def _value(reading: Reading) -> dict[str, Any]:
    now = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    return {
        "value": reading.value,
        "unit": reading.unit,
        "age": round((now - reading.at.ticks) / 1e9, 1),
        "level": int(reading.quality.level),
        "reasons": reading.quality.reasons.words(),
    }


def latest_values(device: Device) -> dict[str, Any]:
    """What a sensor measured last, by quantity: the value before the filters, and the one before its calibration."""
    return {name: _latest(reading) for name, reading in dict(device.counts.latest).items()}


def _latest(reading: Reading) -> dict[str, Any]:
    return {
        "raw": reading.value if reading.raw is None else reading.raw,
        "value": reading.value,
        "unit": reading.unit,
        "ticks": reading.at.ticks,
        "level": int(reading.quality.level),
        "reasons": reading.quality.reasons.words(),
    }


def uplink_status(forwarder: Forwarder, outbox: Outbox) -> dict[str, Any]:
    """One destination with its ledger; ``cause`` is the word for what is wrong (``edge.uplink.states``).

    ``next`` are the seconds until a destination that rests is connected again; ``awaited`` are the oldest and the
    newest seq that the broker has acknowledged and no receipt covers.
    """
    down = forwarder.down
    return {
        "name": forwarder.name,
        "state": forwarder.state,
        "cause": down.state if down else None,
        "trouble": str(down) if down else forwarder.trouble,
        "remedy": down.remedy if down else None,
        "for": round(time.monotonic() - forwarder.since, 1),
        "sent": forwarder.sent,
        **forwarder.cursor.ledger(outbox.last).as_dict(),
        "skipped": forwarder.cursor.skipped,
        "awaited": forwarder.cursor.awaited(),
        "next": round(forwarder.schedule.left(), 1) if forwarder.state == "resting" else None,
        "budget": forwarder.budget.status(),
    }


def outbox_status(outbox: Outbox, writer: Writer) -> dict[str, Any]:
    """The card; ``written`` are the bytes that went to it since the node started, ``taken`` the readings."""
    return {
        "taken": writer.committed,
        "first": outbox.first,
        "last": outbox.last,
        "bytes": outbox.size,
        "limit": outbox.limit,
        "held": writer.held,
        "overrun": writer.overrun,
        "trouble": writer.trouble,
        "alarms": _alarms(outbox),
        "written": outbox.card.written,
    }


def _alarms(outbox: Outbox) -> int | None:
    try:
        return outbox.alarm_count
    except OSError:
        return None  # a card that does not answer


def alarm_status(alarms: Alarms, clock: Clock) -> list[dict[str, Any]]:
    """Each rule with its alarm; ``utc`` is since when it is raised or cleared, ``for`` the same in seconds."""
    now, told = clock.now(), alarms.status()
    for one in told:
        since: Stamp | None = one.pop("since")
        utc = None if since is None else clock.utc(since)
        here = since is not None and since.boot == now.boot
        one["for"] = round((now.ticks - since.ticks) / 1e9, 1) if since is not None and here else None
        one["utc"] = None if utc is None else round(utc / 1e9, 3)
    return told


def clock_status(clock: Clock) -> dict[str, Any]:
    """What ties this boot to the calendar, if anything does; ``error`` is the bound now, ``disputed`` who says what."""
    now = clock.now()
    utc, trust, line = clock.utc(now), clock.trust(now), clock.lines.get(clock.boot)
    if utc is None or trust is None or line is None:
        return {"boot": clock.boot, "source": None, "error": None, "utc": None, "disputed": {}}
    disputed = {source: round(apart / 1e9, 3) for source, (apart, _) in dict(line.disputes).items()}
    error, utc_s = float(f"{trust.error:.3g}"), round(utc / 1e9, 3)
    return {"boot": clock.boot, "source": trust.source, "error": error, "utc": utc_s, "disputed": disputed}


def process_status(since: float) -> dict[str, Any]:
    """This process: resident memory in bytes, modules, threads' CPU seconds, uptime."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - pathlib is not needed for one line
        pages = int(file.read().split()[1])
    return {
        "pid": os.getpid(),
        "rss": pages * os.sysconf("SC_PAGE_SIZE"),
        "modules": len(sys.modules),
        "cpu": round(time.process_time(), 2),
        "up": round(time.monotonic() - since, 1),
    }


def verdict(devices: Sequence[Device], writer: Writer, hanging: Sequence[str]) -> str:
    """One word for the node: healthy, degraded or hanging. A link that is down is not an illness of the node."""
    if hanging:
        return "hanging"
    return "degraded" if ailing(devices, writer) else "healthy"


def ailing(devices: Sequence[Device], writer: Writer) -> list[str]:
    """What makes the node degraded: storage, sensors, both or neither."""
    ill = any(device.health is Health.ILL for device in devices)
    return ["storage"] * bool(writer.trouble) + ["sensors"] * ill
