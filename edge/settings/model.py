"""What a configuration says, checked and complete."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """The node itself; ``position`` is latitude and longitude in degrees and altitude in metres."""

    id: str
    site: str = ""
    position: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class FilterSettings:
    """A filter behind a sensor; without ``quantity`` it takes all of them. ``options`` are those given."""

    type: str
    quantity: str | None
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SensorSettings:
    """A device: ``place`` is what ``drivers.plug`` takes, ``wire`` the driver's kind (port, i2c, gpio or w1).

    ``baud``, ``address`` and ``interval`` (seconds) are None where the driver's own count; ``options`` are
    those given, durations in seconds. ``power`` is the GPIO line that switches the supply.
    """

    name: str
    driver: str
    place: str | int
    baud: int | None
    address: int | None
    interval: float | None
    options: Mapping[str, Any]
    filters: tuple[FilterSettings, ...]
    wire: str
    compensate: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    power: int | None = None


@dataclass(frozen=True, slots=True)
class OutboxSettings:
    """``limit`` in bytes (None: a quarter of the free space, at most 2 GB), ``flush`` in seconds."""

    limit: int | None = None
    flush: float = 1.0


@dataclass(frozen=True, slots=True)
class UplinkSettings:
    """A destination; files are absolute paths or "", ``rate`` is readings a second (None: no limit).

    ``sensors`` and ``quantities`` say what it gets; empty is all.
    """

    name: str
    type: str
    host: str
    port: int
    tls: bool = True
    insecure_plaintext: bool = False
    username: str = ""
    password_file: str = ""
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    topic: str = "edge/{node}/{channel}"
    payload: str = "senml+json"
    compress: str = "none"
    batch: int = 500
    rate: float | None = None
    window: int = 16
    custody: str = "puback"
    sensors: tuple[str, ...] = ()
    quantities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """A whole configuration; ``digest`` is 12 hex digits that change with any of its content."""

    node: NodeSettings
    sensors: tuple[SensorSettings, ...]
    outbox: OutboxSettings
    uplinks: tuple[UplinkSettings, ...]
    digest: str
