"""MQTT discovery for Home Assistant: each quantity becomes an entity, without a line of YAML.

A retained configuration a quantity goes to ``homeassistant/sensor/<node>_<device>_<quantity>/config``. Home Assistant's
templates cannot inflate a pack nor search one by time, so that its entities read a small retained message a device:
``edge/LP-0417/state/pm`` with the newest value by quantity, null where it is bad or missing. What is no longer measured
is taken back by an empty configuration. https://www.home-assistant.io/integrations/sensor.mqtt/
"""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import drivers
import edge
from edge.notices.inventory import Inventory, measured
from edge.notices.notices import Notice
from edge.outbox.record import Channel
from edge.payload.words import trusted
from edge.reading import Batch
from edge.sensing.device import Device

PREFIX = "homeassistant/sensor"
PACE = 5.0  # seconds between two states of a device

# Units as Home Assistant spells them (homeassistant/const.py); others stay UCUM, and a pure number has none.
UNITS = {
    "1": None, "count": None, "pH": None, "Cel": "°C", "%RH": "%", "ug/m3": "µg/m³", "mg/m3": "mg/m³", "deg": "°",
    "m3": "m³", "m3/h": "m³/h", "uS/cm": "µS/cm", "1/cm3": "1/cm³", "ug/L": "µg/L", "um": "µm", "Ohm": "Ω",
}  # fmt: skip

# Device classes by quantity and unit, where one takes our unit (homeassistant/components/sensor/const.py). A version
# that does not know one refuses the whole entity, so that conductivity, which 2024.3 does not have, goes without.
CLASSES = {
    ("altitude", "m"): "distance", ("height", "m"): "distance", ("level", "m"): "distance",
    ("distance", "mm"): "distance", ("speed", "m/s"): "speed", ("wind_speed", "m/s"): "wind_speed",
    ("pm1", "ug/m3"): "pm1", ("pm2_5", "ug/m3"): "pm25", ("pm10", "ug/m3"): "pm10", ("co2", "ppm"): "carbon_dioxide",
    ("tvoc", "ppb"): "volatile_organic_compounds_parts", ("temperature", "Cel"): "temperature",
    ("water_temperature", "Cel"): "temperature", ("humidity", "%RH"): "humidity", ("pressure", "hPa"): "pressure",
    ("sound_level", "dB"): "sound_pressure", ("flow", "L/min"): "volume_flow_rate",
    ("flow", "m3/h"): "volume_flow_rate",
    ("volume", "L"): "water", ("volume", "m3"): "water", ("rain", "mm"): "precipitation", ("energy", "kWh"): "energy",
    ("power", "kW"): "power", ("ph", "pH"): "ph", ("orp", "mV"): "voltage", ("voltage", "V"): "voltage",
    ("current", "mA"): "current",
}  # fmt: skip
DIRECTIONS = ("course", "wind_direction")  # their statistics there would be means of numbers: 180 of 359 and 1
DIAGNOSTIC = ("utc", "clock_offset", "fix", "fix_quality", "satellites", "hdop", "pdop", "pulses")


class Discovery:
    """The notices for one destination; ``topic`` gives the topic of a channel there."""

    def __init__(
        self, inventory: Inventory, topic: Callable[[str], str], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._inventory, self._topic, self._now = inventory, topic, now
        self._values: dict[str, dict[str, float | None]] = {}  # the newest, by device and quantity
        self._due: dict[str, float] = {}  # devices with news: when they may be told
        self._told: dict[str, float] = {}
        self._known: tuple[Any, ...] | None = None
        self._configurations: Iterator[Notice] = iter(())
        self._said: dict[str, bytes] = {}  # by topic, since the connection was made

    def restart(self) -> None:
        """A broker that lost its memory has to hear all of it again."""
        self._known = None
        self._said.clear()

    def sent(self, batch: Batch) -> None:
        """Takes the newest values from what is sent as it is measured."""
        if batch.lane in ("backlog", "replay"):
            return
        for _, reading in batch.readings:
            self._values.setdefault(reading.device, {})[reading.quantity] = trusted(reading)
            self._due.setdefault(reading.device, self._told.get(reading.device, 0.0) + PACE)

    def next(self) -> Notice | None:
        """A configuration first, then the state of a device that has news."""
        if (state := self._inventory.state) != self._known:
            self._known, self._configurations = state, self._news()
        return next(self._configurations, None) or self._state()

    def _news(self) -> Iterator[Notice]:
        for notice in self._all():
            if self._said.get(notice.channel) != notice.payload:
                self._said[notice.channel] = notice.payload
                yield notice

    def _state(self) -> Notice | None:
        now = self._now()
        device = next((name for name, due in self._due.items() if due <= now), None)
        if device is None:
            return None
        del self._due[device]
        self._told[device] = now
        return Notice(self._state_topic(device), json.dumps(self._values[device]).encode(), retain=True)

    def _all(self) -> Iterator[Notice]:
        """The configurations of all that is measured, and an empty one for each channel that once was."""
        there = set[str]()
        for device in self._inventory.devices:
            for quantity in measured(device):
                there.add(self._id(device.name, quantity.name))
                content = json.dumps(self._configuration(device, quantity), ensure_ascii=False).encode()
                yield Notice(self._config_topic(device.name, quantity.name), content, retain=True)
        for channel in self._inventory.channels.values():
            if self._id(channel.device, channel.quantity) not in there:
                yield self._gone(channel)

    def _gone(self, channel: Channel) -> Notice:
        return Notice(self._config_topic(channel.device, channel.quantity), b"", retain=True)

    def _configuration(self, device: Device, quantity: drivers.Quantity) -> dict[str, Any]:
        total, unit = drivers.is_total(quantity.name), UNITS.get(quantity.unit, quantity.unit)
        kind = "total_increasing" if total else "measurement"
        told = {
            "name": quantity.name.replace("_", " "),
            "unique_id": self._id(device.name, quantity.name),
            "state_topic": self._state_topic(device.name),
            "value_template": f"{{{{ value_json['{quantity.name}'] | default(none) }}}}",
            "state_class": None if quantity.name in DIRECTIONS else kind,
            "device_class": CLASSES.get((quantity.name, quantity.unit)),
            "unit_of_measurement": unit,
            "suggested_display_precision": quantity.decimals,
            "entity_category": "diagnostic" if quantity.name in DIAGNOSTIC else None,
            "availability": [{"topic": self._topic("status"), "value_template": "{{ value_json.status }}"}],
            "device": self._device(device),
            "origin": {"name": "edge gateway", "sw_version": edge.__version__},
        }
        return {key: value for key, value in told.items() if value is not None}

    def _device(self, device: Device) -> dict[str, Any]:
        node, part = self._inventory.node, device.identity
        told = {
            "identifiers": [self._id(device.name)],
            "name": f"{node} {device.name}",
            "model": part.get("model", device.settings.driver),
            "serial_number": part.get("serial"),
            "sw_version": part.get("firmware"),
        }
        return {key: value for key, value in told.items() if value is not None}

    def _state_topic(self, device: str) -> str:
        return f"{self._topic('state')}/{device}"

    def _config_topic(self, device: str, quantity: str) -> str:
        return f"{PREFIX}/{self._id(device, quantity)}/config"

    def _id(self, *names: str) -> str:
        """Names as Home Assistant takes them in a topic: letters, digits, ``_`` and ``-``."""
        return "_".join((self._inventory.node, *names)).replace(".", "-")
