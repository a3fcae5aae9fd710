"""Builds the devices of a configuration, and finds out which of them share a wire."""

import logging
import os
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import drivers
from edge.clock import Clock, Stamp
from edge.filters import Chain, completed, linked
from edge.reading import Reading
from edge.sensing.device import Device
from edge.sensing.power import Power
from edge.sensing.totals import recover
from edge.settings import ClockSettings, SensorSettings
from edge.stores import Stores
from edge.timing.chrony import ChronySock
from edge.timing.gnsstime import Receiver
from edge.timing.pulse import PulseLine

log = logging.getLogger("edge.sensing")

LookUp = Callable[[str, str], Reading | None]  # what a sensor measured last of a quantity
Dating = Callable[[Stamp], int | None]  # UTC in ns since 1970 of a moment, None while nobody knows it


def device_of(sensor: SensorSettings, clock: ClockSettings, stores: Stores, look_up: LookUp) -> Device:
    """One sensor, ready to be sampled: its wire (closed yet), filters, memory, switch, and whom it tells what."""
    driver = drivers.load(sensor.driver)
    plug = drivers.plug(sensor.driver, sensor.place, baud=sensor.baud, debounce=sensor.options.get("debounce"))

    def chain_at(pace: float | None, before: Chain | None) -> Chain:
        return chain_of(replace(sensor, interval=pace), driver, look_up, stores.clock.utc, before)

    made = Device(sensor, driver, plug, chain_at(sensor.interval, None), stores.clock)
    made.chain_at = chain_at
    made.look_up = look_up
    made.maintained = partial(stores.maintenance.under, sensor.name)
    if "utc" in {quantity.name for quantity in driver.measures} and not str(sensor.place).startswith("sim:"):
        made.on_measurement = _receiver(stores.clock, clock).hear  # a simulated receiver knows no date
    made.on_event = stores.events.put
    made.on_identity = partial(stores.logbook.seen, sensor.name, sensor.driver)
    made.way.correct, made.way.about = stores.logbook.applied, partial(stores.logbook.about, sensor.name)
    if sensor.power is not None:
        made.power = _power(sensor.power, sensor.name)
    made.memory = stores.memories.setdefault(sensor.name, {})
    recover(made.memory, driver, [item for _, item in stores.outbox.recovered if item.device == sensor.name])
    return made


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


def chain_of(
    sensor: SensorSettings, driver: type[drivers.Driver], look_up: LookUp, date: Dating, before: Chain | None = None
) -> Chain:
    """The configured filters behind the default chain of the sensor; they go on with what ``before`` knew."""
    quantities = {quantity.name: quantity for quantity in driver.measured(sensor.options)}
    filters = completed(sensor.filters, quantities, _step(sensor, driver)) if sensor.defaults else sensor.filters
    links, _ = linked(filters, quantities, () if before is None else before.links)
    for _, work in links:
        work.look_up, work.date, work.pace = look_up, date, _pace(sensor, driver)
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


def by_bus(devices: list[Device]) -> dict[str, list[Device]]:
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
