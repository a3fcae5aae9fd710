"""From an address in a configuration to an open bus."""

from collections.abc import Callable
from typing import Protocol

from drivers.bus import Bus, Wire
from drivers.ports import I2CPort, PulsePin, SerialPort, SysFiles
from drivers.registry import load
from drivers.sim import SimPort

W1 = "/sys/bus/w1/devices"


class Plug(Protocol):
    """Opens a bus, again after every failure."""

    def open(self) -> Bus:
        """The open bus; raises ``BusError``."""


class RealPort:
    """A wire of this machine."""

    def __init__(self, opener: Callable[[], Bus]) -> None:
        self._opener = opener

    def open(self) -> Bus:
        """The open bus; raises ``BusError``."""
        return self._opener()


def plug(driver: str, place: str | int, *, baud: int | None = None, debounce: float = 0.0) -> Plug:
    """The plug for a driver at ``place``: a serial path, an I2C bus or GPIO number, a 1-Wire id, or ``sim://``."""
    if isinstance(place, str) and place.startswith("sim:"):
        return SimPort(driver, place)
    return RealPort(_opener(load(driver).wire, place, baud, debounce))


def _opener(wire: Wire, place: str | int, baud: int | None, debounce: float) -> Callable[[], Bus]:
    match wire.key:
        case "port":
            return lambda: SerialPort(str(place), baud or wire.baud)
        case "i2c":
            return lambda: I2CPort(int(place))
        case "gpio":
            return lambda: PulsePin(int(place), debounce=debounce)
        case "w1":
            return lambda: SysFiles(f"{W1}/{place}")
    raise ValueError(f"no port serves a wire of kind {wire.key!r}")
