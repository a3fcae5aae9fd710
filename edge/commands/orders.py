"""The closed list of what can be asked of a node from afar, with the arguments of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from drivers import REQUIRED, Option
from edge.commands.rejected import Rejected


class Commanded(Protocol):
    """What a node does on command; each gives what the reply says. They raise ``ValueError`` with the reason."""

    def ping(self) -> dict[str, Any]:
        """Who and how it is."""

    def read_now(self, sensor: str) -> None:
        """Measures at once."""

    def set_interval(self, sensor: str, seconds: float) -> None:
        """Another pace, until the node restarts or takes over a configuration."""

    def restart_sensor(self, sensor: str) -> None:
        """Closes and opens a device anew, with its supply where that can be switched."""

    def maintenance(self, sensor: str, on: bool, seconds: float) -> None:
        """Marks the readings of a sensor while somebody works on it."""

    def replay(self, first: int, last: int, to: str | None = None) -> list[str]:
        """Sends readings once more."""

    def log_level(self, level: str, seconds: float) -> None:
        """Another level of the log for a time."""

    def config_stage(self, text: str) -> dict[str, Any]:
        """Takes in a configuration and checks it; it is not in force yet."""

    def config_apply(self, digest: str, seconds: float) -> dict[str, Any]:
        """Puts the staged configuration on trial; the old one comes back by itself when data stops."""


@dataclass(frozen=True, slots=True)
class Order:
    """One kind of command: its arguments, and what it does with a node."""

    help: str
    args: tuple[Option, ...]
    run: Callable[[Commanded, Mapping[str, Any]], Any]


SENSOR = Option("sensor", str, REQUIRED, "name of the sensor")
FOR = Option("for", float, 3600.0, "how long", unit="s", low=1, high=604_800)

ORDERS: dict[str, Order] = {
    "ping": Order("who and how the node is", (), lambda node, got: node.ping()),
    "read-now": Order("measures at once", (SENSOR,), lambda node, got: node.read_now(got["sensor"])),
    "set-interval": Order(
        "another pace, until the node restarts or its configuration changes",
        (SENSOR, Option("seconds", float, REQUIRED, "between two readings", unit="s", low=0.001, high=86_400)),
        lambda node, got: node.set_interval(got["sensor"], got["seconds"]),
    ),
    "restart-sensor": Order(
        "opens a device anew, with its supply where that can be switched",
        (SENSOR,),
        lambda node, got: node.restart_sensor(got["sensor"]),
    ),
    "maintenance": Order(
        "marks the readings of a sensor while somebody works on it",
        (SENSOR, Option("on", bool, REQUIRED, "true at the begin, false at the end"), FOR),
        lambda node, got: node.maintenance(got["sensor"], got["on"], got["for"]),
    ),
    "replay": Order(
        "sends readings once more",
        (
            Option("first", int, REQUIRED, "first seq", low=1),
            Option("last", int, REQUIRED, "last seq", low=1),
            Option("to", str, None, "name of the uplink; all without it"),
        ),
        lambda node, got: node.replay(got["first"], got["last"], got["to"]),
    ),
    "log-level": Order(
        "another level of the log for a time",
        (Option("level", str, REQUIRED, "how much", choices=("debug", "info", "warning", "error")), FOR),
        lambda node, got: node.log_level(got["level"], got["for"]),
    ),
    "config-stage": Order(
        "takes in a configuration and checks it",
        (Option("text", str, REQUIRED, "the whole configuration in TOML"),),
        lambda node, got: node.config_stage(got["text"]),
    ),
    "config-apply": Order(
        "puts the staged configuration on trial; the old one comes back when data stops",
        (
            Option("digest", str, REQUIRED, "what config-stage replied"),
            Option("trial", float, 120.0, "how long the trial lasts", unit="s", low=5, high=3600),
        ),
        lambda node, got: node.config_apply(got["digest"], got["trial"]),
    ),
}


def arguments(order: Order, given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of an order, complete and within their limits. Raises ``Rejected``."""
    known = {option.name: option for option in order.args}
    if unknown := given.keys() - known.keys():
        raise Rejected("bad_argument", f"unknown argument {min(unknown)[:64]!r}")
    return {name: _argument(option, given) for name, option in known.items()}


def _argument(option: Option, given: Mapping[str, Any]) -> Any:
    if option.name not in given:
        if option.required:
            raise Rejected("bad_argument", f"{option.name!r} is missing: {option.help}")
        return option.default
    got = given[option.name]
    if option.kind is float and isinstance(got, int) and not isinstance(got, bool):
        got = float(got)
    if not isinstance(option.kind, type) or type(got) is not option.kind:
        raise Rejected("bad_argument", f"{option.name!r} is not of the right kind: {option.help}")
    if option.choices and got not in option.choices:
        raise Rejected("bad_argument", f"{option.name!r} is none of {', '.join(option.choices)}")
    if isinstance(got, (int, float)) and not _within(option, got):
        raise Rejected("bad_argument", f"{option.name!r} is outside {option.low} .. {option.high}")
    return got


def _within(option: Option, got: float) -> bool:
    return (option.low is None or got >= option.low) and (option.high is None or got <= option.high)
