"""Wires devices, alarms, card and destinations of a configuration: bus by bus to the card, and from it to each."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import drivers
from edge.forwarding.build import Voice, forwarder_to
from edge.forwarding.forwarder import Forwarder
from edge.health import Beats
from edge.notices.inventory import Inventory, InventoryNotice
from edge.notices.notices import HealthNotice, Notices, Source
from edge.outbox.writer import Writer
from edge.reading import Reading
from edge.rules import alarms
from edge.sensing.build import by_bus, device_of
from edge.sensing.device import Device
from edge.sensing.sampler import Sampler
from edge.settings import Settings
from edge.stores import Stores


class Pipeline:
    """The threads of one configuration; built, started and stopped as a whole."""

    def __init__(self, settings: Settings, stores: Stores, beats: Beats, voice: Voice) -> None:
        """Opens nothing yet."""
        self._settings, self._stores = settings, stores
        self.writer = Writer(stores.outbox, settings.outbox.flush)
        self.devices = [device_of(sensor, settings.clock, stores, self._latest) for sensor in settings.sensors]
        self._board = {device.name: device for device in self.devices}
        self.alarms = alarms(settings.rules, stores.past, stores.clock.now(), partial(drivers.switch, on=False))
        self.alarms.offer, self.alarms.tell = partial(self.writer.offer, alarm=True), stores.events.put
        self.alarms.excused = stores.maintenance.under
        self.samplers = [Sampler(bus, devices, self._take) for bus, devices in by_bus(self.devices).items()]
        self.forwarders = [forwarder_to(settings, uplink, stores, voice) for uplink in settings.uplinks]
        for part, name in self._parts():
            part.beat = beats.of(name)
        self.inventory = Inventory(settings, self.devices, stores.channels, stores.logbook)
        for forwarder in self.forwarders:
            known = InventoryNotice(self.inventory, forwarder.publisher.packed)
            forwarder.talk.notices = Notices((known, HealthNotice(voice.health), *self._discovery(forwarder)))
        self.writer.on_commit = self._committed
        self.writer.on_unstored = self._copied
        stores.outbox.on_evicted = self._evicted
        stores.outbox.needed = self._needed
        stores.outbox.on_void = self._void

    def _discovery(self, forwarder: Forwarder) -> Iterator[Source]:
        if forwarder.settings.discovery == "homeassistant":
            from edge.notices.homeassistant import Discovery  # for a home, not for a city

            topic, node = forwarder.settings.topic, self._settings.node.id
            yield Discovery(self.inventory, lambda channel: topic.format(node=node, channel=channel))

    def start(self) -> None:
        """Starts from the far end, so that nothing waits for its taker."""
        for forwarder in self.forwarders:
            forwarder.start()
        self.writer.start()
        self.alarms.start(self._stores.clock.now())
        for sampler in self.samplers:
            sampler.start()

    def stop(self) -> None:
        """Stops from the near end, so that what was measured still gets onto the card."""
        for sampler in self.samplers:
            sampler.stop()
        for sampler in self.samplers:
            sampler.join()
        self.alarms.stop()
        self.writer.stop()
        for forwarder in self.forwarders:
            forwarder.stop()
        for forwarder in self.forwarders:
            forwarder.join()

    def device(self, name: str) -> Device | None:
        """The sensor of a name, where there is one."""
        return self._board.get(name)

    def _latest(self, sensor: str, quantity: str) -> Reading | None:
        return self._board[sensor].counts.latest.get(quantity)

    def _take(self, readings: list[Reading]) -> None:
        self.writer.offer(readings)
        self.alarms.hear(readings)

    def _parts(self) -> list[tuple[Any, str]]:
        named: list[tuple[Any, str]] = [(self.writer, "writer")]
        named += [(sampler, f"bus {sampler.bus}") for sampler in self.samplers]
        named += [(forwarder, f"uplink {forwarder.name}") for forwarder in self.forwarders]
        return named

    def _committed(self) -> None:
        well = self.writer.trouble is None
        for forwarder in self.forwarders:
            if well:
                forwarder.stored()
            forwarder.wake()

    def _copied(self, readings: Sequence[Reading], alarm: bool) -> None:
        for forwarder in self.forwarders:
            forwarder.copy(readings, alarm=alarm)

    def _needed(self, first: int, last: int) -> bool:
        return any(forwarder.cursor.waits(first, last) for forwarder in self.forwarders)

    def _void(self, first: int, last: int) -> None:
        for cursor in self._stores.cursors.values():
            cursor.skip(range(first, last + 1))
        self._stores.events.put("void", first=first, last=last)

    def _evicted(self, first: int, last: int, reason: str) -> None:
        for forwarder in self.forwarders:
            self._stores.lose(forwarder.name, first, last, reason)
