"""From an address in a configuration to an open bus."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from drivers.bus import Bus, Stream, Wire
from drivers.driver import Driver
from drivers.errors import BusError
from drivers.gpio import pin
from drivers.ports import I2CPort, SerialPort, SysFiles, TcpPort
from drivers.registry import load
from drivers.sim import SimPort

FOLDERS = {"w1": "/sys/bus/w1/devices", "pps": "/sys/class/pps"}


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


@dataclass
class _Line:
    """An open port, and how many hold it."""

    port: Stream
    users: int = 0


_lines: dict[tuple[str, int], _Line] = {}  # by real path and baud


class Share:
    """One device's hold on a serial port on which several devices hang; all of them run in one thread.

    The port is open while somebody holds it. When it fails, it closes for all: each gets a ``BusError`` at its next
    step, and the first to open it again opens it anew.
    """

    def __init__(self, path: str, baud: int, opener: Callable[[], Stream]) -> None:
        """Takes the open port at ``path``, or opens it; raises ``BusError``."""
        self._key = (os.path.realpath(path), baud)
        self._line: _Line | None = _lines.get(self._key) or _lines.setdefault(self._key, _Line(opener()))
        self._line.users += 1

    def read(self, size: int) -> bytes:
        """As the port."""
        port = self._port()
        try:
            return port.read(size)
        except BusError:
            self._drop()
            raise

    def write(self, data: bytes) -> None:
        """As the port."""
        port = self._port()
        try:
            port.write(data)
        except BusError:
            self._drop()
            raise

    def wait(self, seconds: float) -> None:
        """As the port."""
        self._port().wait(seconds)

    def close(self) -> None:
        """Lets go; the last one closes the port."""
        line, self._line = self._line, None
        if line is None or _lines.get(self._key) is not line:
            return
        line.users -= 1
        if not line.users:
            del _lines[self._key]
            line.port.close()

    def _port(self) -> Stream:
        if self._line is None or _lines.get(self._key) is not self._line:
            raise BusError(f"{self._key[0]} was closed because it failed")
        return self._line.port

    def _drop(self) -> None:
        """Closes a port that failed, for all."""
        if self._line is not None and _lines.get(self._key) is self._line:
            del _lines[self._key]
            self._line.port.close()


def plug(driver: str, place: str | int, *, baud: int | None = None, debounce: float | None = None) -> Plug:
    """The plug for a driver at ``place``: a serial path or ``tcp://HOST:PORT``, an I2C bus or GPIO number, ``sim://``.

    A device of the kernel has its id there or its name, such as ``pps0``. Without a ``debounce`` (seconds) it is the
    one that is usual for the driver.
    """
    if isinstance(place, str) and place.startswith("sim:"):
        return SimPort(driver, place)
    kind = load(driver)
    return RealPort(_opener(kind.wire, place, baud, usual_debounce(kind) if debounce is None else debounce))


def usual_debounce(driver: type[Driver]) -> float:
    """The default of a driver's option ``debounce`` in seconds, 0 if it has none."""
    return next((float(str(option.default)) for option in driver.options if option.name == "debounce"), 0.0)


def _opener(wire: Wire, place: str | int, baud: int | None, debounce: float) -> Callable[[], Bus]:
    match wire.key:
        case "port":
            return _serial(wire, str(place), baud or wire.baud)
        case "i2c":
            return lambda: I2CPort(int(place))
        case "gpio":
            return lambda: pin(int(place), debounce=debounce)
        case key if key in FOLDERS:
            return lambda: SysFiles(f"{FOLDERS[key]}/{place}")
    raise ValueError(f"no port serves a wire of kind {wire.key!r}")


def _serial(wire: Wire, path: str, baud: int) -> Callable[[], Bus]:
    def alone() -> SerialPort | TcpPort:
        if path.startswith("tcp:"):
            return TcpPort(*_host(path))
        if not baud:
            raise BusError(f'{path}: the device is on the network: port = "tcp://HOST:PORT"')
        return SerialPort(path, baud, wire.parity)

    return (lambda: Share(path, baud, alone)) if wire.shared else alone


def _host(url: str) -> tuple[str, int]:
    """Host and port of ``tcp://HOST:PORT``. Raises ``BusError``."""
    try:
        parts = urlsplit(url)
        if parts.hostname and parts.port:
            return parts.hostname, parts.port
    except ValueError:
        pass
    raise BusError(f"{url}: not an address such as tcp://127.0.0.1:2947")
