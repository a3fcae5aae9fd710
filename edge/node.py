"""The node: holds the outbox and the small state, runs a pipeline, feeds the watchdog."""

import json
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import RLock
from typing import Any

import edge
from edge import report, tracing
from edge.calibration.calibrating import Calibrating
from edge.clock import Clock
from edge.control import Control, socket_path
from edge.errors import StorageError
from edge.forwarding.build import Voice
from edge.health import Beats, latest_values
from edge.lock import locked
from edge.machine import Machine, watch_supply
from edge.notify import notify
from edge.pipeline import Pipeline
from edge.sensing.device import Device
from edge.settings import Settings, SettingsError
from edge.state import State
from edge.stores import opened
from edge.timing.timekeeping import Timekeeping

log = logging.getLogger("edge.node")

TURN = 1.0  # seconds between two rounds of housekeeping
SAVE = 60.0  # seconds between two saves of cursors and totals: after a crash so much goes twice
SAVE_SOON, MANY = 5.0, 1000  # seconds, where more readings than this have arrived since: a backlog drains


class Node:
    """Everything that runs on a node. ``run`` blocks until ``stop``."""

    def __init__(self, settings: Settings, folder: Path, clock: Clock | None = None) -> None:
        """Opens the outbox and the state in ``folder``; nothing else is touched and nothing is waited for.

        Raises ``StorageError`` when the folder cannot be used, ``AlreadyRunning`` when another node uses it.
        """
        self.settings = settings
        self._lock_file = locked(folder)
        self.folder, self.state = folder, State(folder / "state.json")
        self.clock = clock or Clock()
        self.stores = opened(folder, self.state, self.clock, settings.outbox.limit)
        self.stores.outbox.before_roll = self._save_totals
        self._timekeeping = Timekeeping(self.clock, self.stores.events, self.state)
        self._timekeeping.rtc = settings.clock.rtc
        self.machine = Machine(folder)
        self._beats = Beats()
        self._since = self._saved = time.monotonic()
        self._settled = 0  # readings that had arrived when cursors were last saved
        self._stopping: SimpleQueue[None] = SimpleQueue()  # an Event set by a signal may wait for itself for ever
        self._busy = RLock()
        self._fresh: Callable[[], Settings] | None = None
        self.on_command: Callable[[bytes], bytes | None] = lambda message: None
        self.on_turn: Callable[[], None] = lambda: None
        self.pipeline = self._pipeline()
        answers: dict[str, Callable[..., Any]] = {
            "status": self.status,
            "support": self.support,
            "replay": self.replay,
            "acknowledge": self.acknowledge,
            "maintenance": self.maintenance,
            "watch": self.watch,
            "trail": self.trail,
            "values": lambda sensor: latest_values(self._device(sensor)),
            **Calibrating(self.stores.logbook, self.state, lambda: self.settings.sensors).answers(),
        }
        self.control = Control(socket_path(folder), answers)

    def run(self) -> None:
        """Runs until ``stop`` is called from a signal handler or another thread."""
        node, sensors, uplinks = self.settings.node.id, len(self.settings.sensors), len(self.settings.uplinks)
        self._timekeeping.begin(reading.at for _, reading in self.stores.outbox.recovered)
        self._save()  # what was recovered from the card must not have to be found there a second time
        self.control.start()
        self.stores.events.put("restart", version=edge.__version__, seq=self.stores.outbox.last)
        for why in self.stores.outbox.quarantined:
            self.stores.events.put("quarantine", why=why)
        self.pipeline.start()
        log.info("node %s runs with %d sensors and %d uplinks", node, sensors, uplinks)
        notify(READY=1, STATUS="running")
        while not self._stop_asked(TURN):
            self._housekeeping()
        notify(STOPPING=1)
        self.pipeline.stop()
        self.control.stop()
        self._timekeeping.end()
        self._save()
        self.stores.outbox.close()
        os.close(self._lock_file)
        log.info("node %s has stopped", node)

    def stop(self) -> None:
        """Ends ``run``: sensors come to rest, what they gave goes to the card, the uplinks say good-bye."""
        self._stopping.put(None)

    def reload(self, fresh: Callable[[], Settings]) -> None:
        """Takes over the settings that ``fresh`` gives, at the next turn; the old ones stay if it raises."""
        self._fresh = fresh

    def status(self) -> dict[str, Any]:
        """How everything is; safe from any thread."""
        with self._busy:
            return report.whole(self.settings, self.pipeline, self.stores, self._beats.hanging(), self._since)

    def health(self) -> dict[str, Any]:
        """The status in short, for the far end."""
        return report.brief(self.pipeline, self.stores, self._beats.hanging(), self._since, self.machine)

    def support(self) -> dict[str, Any]:
        """All that it knows of itself, for whoever helps; safe from any thread."""
        with self._busy:
            inventory, events = self.pipeline.inventory.as_dict(), self.stores.events.waiting()
            return {"status": self.status(), "health": self.health(), "inventory": inventory, "events": events}

    def replay(self, first: int, last: int, to: str | None = None) -> list[str]:
        """Sends readings once more to one destination or to all; gives their names. Raises ``ValueError``."""
        with self._busy:
            chosen = [forwarder for forwarder in self.pipeline.forwarders if to in (None, forwarder.name)]
            if not chosen:
                raise ValueError(f"there is no uplink {to!r}" if to else "there is no uplink")
            newest = self.stores.outbox.last
            if not 1 <= first <= last <= newest:
                raise ValueError(f"the seqs {first}..{last} are not all in 1..{newest}, which is what it has taken")
            for forwarder in chosen:
                forwarder.replay(first, last)
            return [forwarder.name for forwarder in chosen]

    def acknowledge(self, rule: str) -> None:
        """Somebody has seen the alarm of a rule, and its output need not stay on. Raises ``ValueError``."""
        with self._busy:
            self.pipeline.alarms.acknowledge(rule)

    def maintenance(self, sensor: str, seconds: float) -> None:
        """A technician works at a sensor for so long; with 0 no longer. Raises ``ValueError``."""
        self._device(sensor)
        if seconds:
            self.stores.maintenance.begin(sensor, seconds)
        else:
            self.stores.maintenance.end(sensor)

    def watch(self, channel: str, since: int | None = None) -> dict[str, Any]:
        """The next measurement of a sensor on its way through the filters. Raises ``ValueError``."""
        sensor, _, quantity = channel.partition("/")
        return tracing.watched(self.stores, self._device(sensor), quantity, since)

    def trail(self, channel: str, **which: Any) -> dict[str, Any] | None:
        """A reading on the card and behind it, by one of the ways of ``Trail``. Raises ``ValueError``."""
        return tracing.trail(self.pipeline, self.stores, channel, which)

    def _device(self, sensor: str) -> Device:
        found = self.pipeline.device(sensor)
        if found is None:
            known = ", ".join(device.name for device in self.pipeline.devices)
            raise ValueError(f"there is no sensor {sensor!r}; there are: {known or 'none'}")
        return found

    def _stop_asked(self, seconds: float) -> bool:
        try:
            self._stopping.get(timeout=seconds)
        except Empty:
            return False
        return True

    def _pipeline(self) -> Pipeline:
        voice = Voice(self._birth, self.health, lambda message: self.on_command(message))
        return Pipeline(self.settings, self.stores, self._beats, voice)

    def _birth(self, online: bool) -> bytes:
        """The retained message that says whether the node is there, and what it carries."""
        return json.dumps(
            {
                "status": "online" if online else "offline",
                "version": edge.__version__,
                "config": self.settings.digest,
                "sensors": {sensor.name: sensor.driver for sensor in self.settings.sensors},
            }
        ).encode()

    def _housekeeping(self) -> None:
        self._timekeeping.turn()
        watch_supply(self.machine, self.stores.events)
        if self._fresh is not None:
            self._take_over()
        self.stores.maintenance.tick()
        self.stores.logbook.tick()
        self.pipeline.alarms.tick(self.clock.now())
        self.on_turn()
        if time.monotonic() - self._saved >= (SAVE_SOON if self._hurried() else SAVE):
            self._save()
        self._tell_systemd()

    def _tell_systemd(self) -> None:
        """How the node is, in a line; and that it lives, while every thread makes progress."""
        hanging = self._beats.hanging()
        life: dict[str, str | int] = {} if hanging else {"WATCHDOG": 1}
        notify(STATUS=report.sentence(self.pipeline, hanging), **life)

    def _hurried(self) -> bool:
        urgent = self.pipeline.alarms.unsaved or self.stores.events.unsaved
        return urgent or self.stores.delivered() - self._settled > MANY

    def _take_over(self) -> None:
        fresh, self._fresh = self._fresh, None
        try:
            settings = fresh() if fresh else self.settings
        except SettingsError as error:
            log.error("the new configuration is refused, the old one goes on: %s", error)
            self.stores.events.put("config", accepted=False, why=str(error)[:1000])
            return
        if settings.digest == self.settings.digest:
            log.info("the configuration has not changed")
            return
        with self._busy:
            old = self.settings
            self.pipeline.stop()
            try:
                self._build(settings)
            except Exception as error:  # what no check foresaw must not leave the node without a pipeline
                log.exception("the new configuration cannot be built, the old one goes on")
                self.stores.events.put("config", accepted=False, why=str(error)[:1000])
                self._build(old)
                return
        log.info("configuration %s is in force", settings.digest)
        self.stores.events.put("config", accepted=True, digest=settings.digest)

    def _build(self, settings: Settings) -> None:
        self._beats.forget()
        self.settings = settings
        self._timekeeping.rtc = settings.clock.rtc
        self.stores.outbox.limit_to(settings.outbox.limit)
        self.pipeline = self._pipeline()
        self.pipeline.start()

    def _save(self) -> None:
        self._saved, self._settled = time.monotonic(), self.stores.delivered()
        self.pipeline.alarms.unsaved = self.stores.events.unsaved = False
        try:
            self.stores.save(self.state, [uplink.name for uplink in self.settings.uplinks])
            self._timekeeping.save()
        except StorageError as error:
            log.error("cursors and totals could not be saved (%s); readings may go twice after a restart", error)

    def _save_totals(self) -> None:
        """Before a new segment begins, in the writer's thread: a start reads the last segment only."""
        try:
            self.stores.save_memories(self.state)
        except StorageError as error:
            if self.pipeline.writer.trouble is None:  # else it is told already, and tried each second
                log.error("the totals could not be saved (%s); they are saved with the cursors", error)
