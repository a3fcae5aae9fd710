"""Numbers for channels, so that a message need not repeat names: a channel keeps its number for ever."""

import json
import logging
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any
from zlib import crc32

from edge.outbox.record import Channel
from edge.payload.record import Unreadable

log = logging.getLogger("edge.payload")

Table = Mapping[int, Channel]


class Channels:
    """The numbers of a node's channels; new ones are appended. Safe from any thread."""

    def __init__(
        self, saved: Mapping[str, Any] | None = None, keep: Callable[[dict[str, int]], None] = lambda numbers: None
    ) -> None:
        """``saved`` is what was kept earlier, by names; ``keep`` stores new ones before they are used."""
        self._lock, self._keep = Lock(), keep
        table = {number: _channel(name) for name, number in (saved or {}).items() if _sound(name, number)}
        self._numbers = {channel: number for number, channel in table.items()}
        self._last = max(table, default=0)
        self._digest: str | None = None

    def number(self, device: str, quantity: str, unit: str) -> int:
        """The number of a channel, a new one if it has none yet."""
        channel = Channel(device, quantity, unit)
        with self._lock:
            number = self._numbers.get(channel)
            return self._append(channel) if number is None else number

    def table(self) -> dict[int, Channel]:
        """All channels by their numbers."""
        with self._lock:
            return {number: channel for channel, number in self._numbers.items()}

    def as_dict(self) -> dict[str, Any]:
        """As the inventory has them: ``inv`` is the digest, ``channels`` the names by number."""
        return {"inv": self.digest, "channels": names_of(self.table())}

    @property
    def digest(self) -> str:
        """Eight hex digits that change with the table: a message names by them the inventory it goes with."""
        with self._lock:
            if self._digest is None:
                named = sorted((number, _name(channel)) for channel, number in self._numbers.items())
                self._digest = f"{crc32(json.dumps(named).encode()):08x}"
            return self._digest

    def _append(self, channel: Channel) -> int:
        self._last += 1
        self._keep({_name(channel): self._last})
        self._numbers[channel] = self._last
        self._digest = None
        return self._last


def names_of(table: Table) -> dict[int, list[str]]:
    """A channel table as JSON can have it."""
    return {number: [channel.device, channel.quantity, channel.unit] for number, channel in table.items()}


def table_of(inventory: Mapping[str, Any]) -> tuple[str, Table]:
    """The digest and the channel table of a decoded inventory. Raises ``Unreadable``."""
    try:
        return str(inventory["inv"]), {int(n): Channel(*map(str, names)) for n, names in inventory["channels"].items()}
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise Unreadable(f"the inventory makes no sense: {error!r}") from error


def _name(channel: Channel) -> str:
    return f"{channel.device}/{channel.quantity}/{channel.unit}"


def _channel(name: str) -> Channel:
    return Channel(*name.split("/", 2))  # a unit may have a stroke of its own


def _sound(name: str, number: Any) -> bool:
    if name.count("/") >= 2 and isinstance(number, int) and number > 0:
        return True
    log.error("the number %r of channel %r makes no sense and is passed over", number, name)
    return False
