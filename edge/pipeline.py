"""Builds the way of a reading from settings: bus by bus to the card, and from the card to each destination."""

import logging
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import drivers
from edge.calibration.logbook import Logbook
from edge.clock import Clock
from edge.events import Events
from edge.filters import Chain, completed, linked
from edge.forwarding.forwarder import Forwarder
from edge.forwarding.route import Route
from edge.health import Beats
from edge.maintenance import Maintenance
from edge.notices.inventory import Inventory, InventoryNotice
from edge.notices.notices import HealthNotice, Notices, Source
from edge.outbox.cursor import Cursor
from edge.outbox.outbox import Outbox
from edge.outbox.picker import Picker
from edge.outbox.unstored import Unstored
from edge.outbox.writer import Writer
from edge.payload import Channels, load
from edge.reading import Reading
from edge.rules import Past, alarms
from edge.sensing.device import Device
from edge.sensing.power import Power
from edge.sensing.sampler import Sampler
from edge.sensing.totals import recover
from edge.settings import ClockSettings, SensorSettings, Settings, UplinkSettings
from edge.timing.chrony import ChronySock
from edge.timing.gnsstime import Receiver
from edge.timing.pulse import PulseLine
from edge.uplink import Uplink

log = logging.getLogger("edge.pipeline")

StatusMessage = Callable[[bool], bytes]
LookUp = Callable[[str, str], Reading | None]  # what a sensor measured last of a quantity


@dataclass(frozen=True, slots=True)
class Stores:
    """What outlives a pipeline."""

    outbox: Outbox
    cursors: dict[str, Cursor]
    memories: dict[str, dict[str, float]]  # of the drivers, by sensor
    events: Events
    clock: Clock
    channels: Channels
    past: Past  # of the rules
    maintenance: Maintenance
    logbook: Logbook


@dataclass(frozen=True, slots=True)
class Voice:
    """What the node itself says to a destination and hears from it.

    ``status(online)`` is the birth and will message, ``health`` how it is, ``obey`` gives the reply to a command.
    """

    status: StatusMessage
    health: Callable[[], dict[str, Any]]
    obey: Callable[[bytes], bytes | None]


class Pipeline:
    """The threads of one configuration; built, started and stopped as a whole."""

    def __init__(self, settings: Settings, stores: Stores, beats: Beats, voice: Voice) -> None:
        """Opens nothing yet."""
        self._settings, self._stores = settings, stores
        self.writer = Writer(stores.outbox, settings.outbox.flush)
        self.devices = [_device(sensor, settings.clock, stores, self._latest) for sensor in settings.sensors]
        self._board = {device.name: device for device in self.devices}
        self.alarms = alarms(settings.rules, stores.past, stores.clock.now(), partial(drivers.switch, on=False))
        self.alarms.offer, self.alarms.tell = partial(self.writer.offer, alarm=True), stores.events.put
        self.alarms.excused = stores.maintenance.under
        self.samplers = [Sampler(bus, devices, self._take) for bus, devices in _by_bus(self.devices).items()]
        self.forwarders = [_forwarder(settings, uplink, stores, voice) for uplink in settings.uplinks]
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
        for name in (forwarder.name for forwarder in self.forwarders):
            lost = self._stores.cursors[name].evict(first, last)
            if lost:
                self._stores.events.put("gap", destination=name, first=first, last=last, count=lost, reason=reason)


def _device(sensor: SensorSettings, clock: ClockSettings, stores: Stores, look_up: LookUp) -> Device:
    driver = drivers.load(sensor.driver)
    plug = drivers.plug(sensor.driver, sensor.place, baud=sensor.baud, debounce=sensor.options.get("debounce"))
    device = Device(sensor, driver, plug, _chain(sensor, driver, look_up), stores.clock)
    device.look_up = look_up
    device.maintained = partial(stores.maintenance.under, sensor.name)
    if "utc" in {quantity.name for quantity in driver.measures} and not str(sensor.place).startswith("sim:"):
        device.on_measurement = _receiver(stores.clock, clock).hear  # a simulated receiver knows no date
    device.on_event = stores.events.put
    device.on_identity, device.correct = (
        partial(stores.logbook.seen, sensor.name, sensor.driver),
        stores.logbook.applied,
    )
    if sensor.power is not None:
        device.power = _power(sensor.power, sensor.name)
    device.memory = stores.memories.setdefault(sensor.name, {})
    recover(device.memory, driver, [item for _, item in stores.outbox.recovered if item.device == sensor.name])
    return device


def _power(gpio: int, sensor: str) -> Power | None:
    """The switch of a supply; without it the sensor runs all the same."""
    try:
        return Power(drivers.switch(gpio, on=True), time.monotonic)
    except drivers.BusError as error:
        log.error("the supply of %s cannot be switched: %s", sensor, error)
        return None


def _receiver(clock: Clock, settings: ClockSettings) -> Receiver:
    """What a receiver tells about the date, for the clock and for chrony."""
    pulses = PulseLine(settings.pps, clock.moment) if settings.pps else None
    return Receiver(clock, pulses, ChronySock(settings.chrony_sock) if settings.chrony_sock else None)


def _chain(sensor: SensorSettings, driver: type[drivers.Driver], look_up: LookUp) -> Chain:
    """The configured filters, behind the default chain of what the sensor measures."""
    quantities = {quantity.name: quantity for quantity in driver.measured(sensor.options)}
    filters = completed(sensor.filters, quantities, _step(sensor, driver)) if sensor.defaults else sensor.filters
    links, _ = linked(filters, quantities)
    for _, work in links:
        work.look_up, work.pace = look_up, _pace(sensor, driver)
    return Chain(links)


def _step(sensor: SensorSettings, driver: type[drivers.Driver]) -> float:
    """The seconds from one reading to the next, as a rule."""
    timing = driver.timed(sensor.options)
    return max(timing.rest, timing.interval if sensor.interval is None else sensor.interval)


def _pace(sensor: SensorSettings, driver: type[drivers.Driver]) -> float:
    """The seconds between two readings; of a device that streams as it likes, those after which it counts as silent."""
    timing = driver.timed(sensor.options)
    own = timing.timeout if driver.streaming and not timing.rest else timing.interval
    return max(timing.rest, own if sensor.interval is None else sensor.interval)


def _by_bus(devices: list[Device]) -> dict[str, list[Device]]:
    """Devices that share a wire share a thread; a simulated device has a wire of its own."""
    buses: dict[str, list[Device]] = defaultdict(list)
    for device in devices:
        buses[_bus(device)].append(device)
    return buses


def _bus(device: Device) -> str:
    place, wire = device.settings.place, device.settings.wire
    if str(place).startswith("sim:") or (wire in ("port", "gpio") and not device.shared):
        return device.name
    if wire == "port":
        return f"port {os.path.realpath(str(place))}"  # by-id names are links
    return f"{wire} {place}" if wire == "i2c" else wire


def _forwarder(whole: Settings, settings: UplinkSettings, stores: Stores, voice: Voice) -> Forwarder:
    cursor = stores.cursors.setdefault(settings.name, Cursor(settings.name))
    cursor.receipt = settings.custody == "receipt"
    wanted = _wanted(settings)
    picker = Picker(stores.outbox, cursor, settings.rate, wanted)
    inbound = _inbound(whole, settings)
    uplink = _uplink(settings, whole.node.id, voice.status, inbound, stores)
    payload = load(settings.payload)(stores.channels)
    route = Route(settings, uplink, payload, cursor, picker, Unstored(wanted))
    picker.on_lost = lambda first, last: _lost(stores, settings.name, first, last)
    _settle(stores, cursor)
    forwarder = Forwarder(whole.node.id, route, stores.events, stores.clock)
    if "command" in inbound:
        forwarder.talk.obey = voice.obey
    return forwarder


def _inbound(whole: Settings, settings: UplinkSettings) -> tuple[str, ...]:
    """The channels on which the destination may speak to the node."""
    receipts = ("receipt",) if settings.custody == "receipt" else ()
    orders = whole.commands
    commands = orders is not None and (not orders.uplinks or settings.name in orders.uplinks)
    return (*receipts, "command") if commands else receipts


def _settle(stores: Stores, cursor: Cursor) -> None:
    """What the cursor lacks and the outbox no longer has is lost."""
    at, kept = 1, stores.outbox.first
    while (gap := cursor.gap(at, kept - 1)) is not None:
        for first, last in stores.outbox.routine(*gap):
            lost, reason = cursor.evict(first, last), "gone before it was sent"
            stores.events.put("gap", destination=cursor.name, first=first, last=last, count=lost, reason=reason)
        at = gap[1] + 1


def _wanted(settings: UplinkSettings) -> Callable[[Reading], bool] | None:
    sensors, quantities = set(settings.sensors), set(settings.quantities)
    if not sensors and not quantities:
        return None
    return lambda reading: (
        (not sensors or reading.device in sensors) and (not quantities or reading.quantity in quantities)
    )


def _lost(stores: Stores, name: str, first: int, last: int) -> None:
    lost = stores.cursors[name].evict(first, last)
    if lost:
        stores.events.put("gap", destination=name, first=first, last=last, count=lost, reason="damaged on the card")


def _uplink(
    settings: UplinkSettings, node: str, status: StatusMessage, inbound: tuple[str, ...], stores: Stores
) -> Uplink:
    from edge.uplink.certificate import Expiry  # a node without an uplink needs neither TLS nor paho
    from edge.uplink.mqtt import MqttUplink

    uplink = MqttUplink(settings, node, status, stores.clock, inbound)
    uplink.expiry = Expiry(settings.name, stores.events.put)
    return uplink
