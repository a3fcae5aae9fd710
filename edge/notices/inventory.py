"""What a node consists of: its devices and what they measure, its versions, and the numbers of its channels.

The message is retained, so that whoever comes later knows it too; it is told at each connection and when it changes.
"""

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

import drivers
import edge
from edge.calibration.logbook import Logbook
from edge.notices.notices import Notice
from edge.payload import Channels
from edge.payload.channels import Table
from edge.reading import Batch
from edge.sensing.device import Device
from edge.settings import Settings


class Inventory:
    """The inventory of a configuration; channels that its devices have get their numbers now."""

    def __init__(self, settings: Settings, devices: Sequence[Device], channels: Channels, logbook: Logbook) -> None:
        self._settings, self.devices, self._channels, self._logbook = settings, devices, channels, logbook
        for device in devices:
            for quantity in measured(device):
                channels.number(device.name, quantity.name, quantity.unit)

    @property
    def node(self) -> str:
        """The id of the node."""
        return self._settings.node.id

    @property
    def channels(self) -> Table:
        """All that is or was measured, by the numbers of its channels."""
        return self._channels.table()

    @property
    def state(self) -> tuple[Any, ...]:
        """What differs whenever the inventory does."""
        about = (tuple(part.items()) for device in self.devices for part in (device.identity, self._numbers(device)))
        return self._channels.digest, *about

    def as_dict(self) -> dict[str, Any]:
        """``inv`` is the digest of ``channels``, which are ``[device, quantity, unit]`` by their numbers."""
        node = self._settings.node
        return {
            "node": node.id,
            "site": node.site,
            "position": node.position,
            "version": edge.__version__,
            "config": self._settings.digest,
            "devices": [_device(device, self._numbers(device)) for device in self.devices],
            **self._channels.as_dict(),
        }

    def _numbers(self, device: Device) -> dict[str, int]:
        """The calibration records in force, by quantity."""
        return {quantity: one.number for quantity, one in self._logbook.in_force(device.name).items()}


class InventoryNotice:
    """Tells one destination the inventory; ``pack`` is what the destination wants done with a large message."""

    def __init__(self, inventory: Inventory, pack: Callable[[bytes], bytes]) -> None:
        self._inventory, self._pack = inventory, pack
        self._told: tuple[Any, ...] | None = None

    def restart(self) -> None:
        """A broker that lost its memory has to hear it again."""
        self._told = None

    def sent(self, batch: Batch) -> None:
        """Does not matter: a new channel shows in the state of the inventory."""

    def next(self) -> Notice | None:
        """The inventory, where the destination does not have it as it is."""
        if (state := self._inventory.state) == self._told:
            return None
        self._told = state
        return Notice("inventory", self._pack(json.dumps(self._inventory.as_dict()).encode()), retain=True)


def measured(device: Device) -> tuple[drivers.Quantity, ...]:
    """What a device measures as it is configured."""
    return drivers.load(device.settings.driver).measured(device.settings.options)


def _device(device: Device, calibrations: dict[str, int]) -> dict[str, Any]:
    return {
        "name": device.name,
        "driver": device.settings.driver,
        **device.identity,
        "quantities": [_quantity(quantity) for quantity in measured(device)],
        **({"calibrations": calibrations} if calibrations else {}),
    }


def _quantity(quantity: drivers.Quantity) -> dict[str, Any]:
    limits = {"low": quantity.low, "high": quantity.high}
    finite = {name: limit for name, limit in limits.items() if math.isfinite(limit)}
    return {"name": quantity.name, "unit": quantity.unit, **finite, "decimals": quantity.decimals}
