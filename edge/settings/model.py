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
    those given, durations in seconds. ``power`` is the GPIO line that switches the supply. ``defaults`` says whether
    the default chain stands in front of the filters.
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
    defaults: bool = True


@dataclass(frozen=True, slots=True)
class ConditionSettings:
    """What must be so for an alarm; exactly one of ``above``, ``below`` and ``silent`` (seconds) is given.

    ``clear`` is the level at which it is so no longer, ``over`` the window of the statistic in seconds. ``quantity``
    is "" where the silence of a whole sensor counts; ``suspect`` says whether suspect values count.
    """

    sensor: str
    quantity: str
    statistic: str = "value"
    over: float = 0.0
    above: float | None = None
    below: float | None = None
    clear: float = 0.0
    silent: float | None = None
    suspect: bool = True


@dataclass(frozen=True, slots=True)
class RuleSettings:
    """An alarm: ``hold`` and ``clear_hold`` in seconds, ``match`` is all or any of ``when``.

    ``output`` is the GPIO line that is high while it stands, and with ``latch`` until it is acknowledged.
    """

    name: str
    when: tuple[ConditionSettings, ...]
    match: str = "all"
    hold: float = 0.0
    clear_hold: float = 0.0
    output: int | None = None
    latch: bool = False


@dataclass(frozen=True, slots=True)
class OutboxSettings:
    """``limit`` in bytes (None: a quarter of the free space, at most 2 GB), ``flush`` in seconds."""

    limit: int | None = None
    flush: float = 1.0


@dataclass(frozen=True, slots=True)
class ClockSettings:
    """Names of devices as under /sys/class, and the path of chrony's socket; "" is none."""

    pps: str = ""
    rtc: str = ""
    chrony_sock: str = ""


@dataclass(frozen=True, slots=True)
class UplinkSettings:
    """A destination; files are absolute paths or "", ``rate`` is readings a second (None: no limit).

    ``batch_age`` is for how many seconds live readings are gathered (None: not at all). Budgets are bytes,
    ``connect_every`` and ``connect_for`` seconds (None: no limit; connected all the time), as is ``receipt_within``.

    ``hosts`` are the brokers of a cluster, ``host`` the first of them; empty where it is the only one. ``sensors`` and
    ``quantities`` say what it gets; empty is all.
    """

    name: str
    type: str
    host: str
    port: int
    hosts: tuple[str, ...] = ()
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
    discovery: str = "none"
    batch: int = 500
    batch_age: float | None = None
    rate: float | None = None
    budget_day: int | None = None
    budget_month: int | None = None
    connect_every: float | None = None
    connect_for: float | None = None
    window: int = 16
    custody: str = "puback"
    receipt_within: float = 60.0
    sensors: tuple[str, ...] = ()
    quantities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CommandSettings:
    """Public keys (32 bytes each) by name, the commands that are taken, and the uplinks that may bring them."""

    keys: Mapping[str, bytes]
    allow: tuple[str, ...]
    uplinks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """A whole configuration; ``digest`` is 12 hex digits that change with any of its content."""

    node: NodeSettings
    sensors: tuple[SensorSettings, ...]
    outbox: OutboxSettings
    uplinks: tuple[UplinkSettings, ...]
    digest: str
    rules: tuple[RuleSettings, ...] = ()
    commands: CommandSettings | None = None
    clock: ClockSettings = ClockSettings()
