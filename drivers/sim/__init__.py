"""Simulated devices: the device's side of each protocol, so that the real driver runs against it.

``sim://`` in place of a port plugs one in; ``sim://?fault=silent&after=30s&for=10s`` makes it fail on cue.
A simulator is a module named like its driver, with a ``simulator(time, faults, **settings)`` that gives the bus.
"""

import importlib
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from drivers.bus import Bus
from drivers.errors import BusError
from drivers.sim.faults import KINDS, Faults
from drivers.sim.time import RealTime, Time

UNITS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}


class SimPort:
    """The plug of a simulated device: opens its bus, again after every unplug, and can hurt it meanwhile."""

    def __init__(self, driver: str, url: str = "sim://", time: Time | None = None) -> None:
        """Raises ``ValueError`` for a driver without a simulator, an unknown fault or an unknown setting."""
        self.settings = dict(parse_qsl(urlsplit(url).query, strict_parsing=bool(urlsplit(url).query)))
        self.time = time or RealTime()
        self.faults = self._faults()
        self._simulator: Any = _module(driver).simulator
        known = _settings_of(self._simulator)
        for name in self.settings.keys() - known:
            raise ValueError(f"the simulator of {driver} has no setting {name!r}; it knows {', '.join(sorted(known))}")

    def open(self) -> Bus:
        """The device's bus. Raises ``BusError`` while the device is unplugged."""
        if self.faults.now() == "unplug":
            raise BusError("sim: no such device (unplugged)")
        bus: Bus = self._simulator(self.time, self.faults, **self.settings)
        return bus

    def _faults(self) -> Faults:
        kind = self.settings.pop("fault", None)
        if kind is not None and kind not in KINDS:
            raise ValueError(f"a simulator has no fault {kind!r}; it knows {', '.join(KINDS)}")
        after = seconds(self.settings.pop("after", "0s"))
        length = seconds(self.settings.pop("for", "1000000h"))
        return Faults(self.time, kind, after, length)


def seconds(text: str) -> float:
    """The seconds of a duration such as ``30s``. Raises ``ValueError``."""
    number = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    try:
        return float(number) * UNITS[text[len(number) :]]
    except (KeyError, ValueError):
        raise ValueError(f"{text!r} is not a duration such as 500ms, 30s, 5min or 1h") from None


def simulated(driver: str) -> bool:
    """Whether a simulator exists for this driver."""
    try:
        _module(driver)
    except ValueError:
        return False
    return True


def _module(driver: str) -> Any:
    try:
        return importlib.import_module(f"drivers.sim.{driver}")
    except ModuleNotFoundError:
        raise ValueError(f"there is no simulator for driver {driver!r}") from None


def _settings_of(simulator: Any) -> set[str]:
    """What a simulator takes beside its time and faults; without inspect, which would cost a node 1 MB."""
    code = simulator.__code__
    return set(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]) - {"time", "faults"}
