"""The kinds of wire a device hangs on, as a driver sees them.

Real ports (``drivers.ports``), simulators (``drivers.sim``) and recordings (``drivers.trace``) all speak
these protocols, so a driver cannot tell them apart. A failing wire raises ``BusError``, never ``OSError``.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


class Bus(Protocol):
    """What all wires share."""

    def wait(self, seconds: float) -> None:
        """Lets the device work for so long; a recording does not wait at all."""

    def close(self) -> None:
        """Gives the wire back; closing twice is fine."""


class Stream(Bus, Protocol):
    """A byte stream: UART, USB serial, RS-485."""

    def read(self, size: int) -> bytes:
        """At most ``size`` bytes as soon as there are some; ``b""`` after a time-out."""

    def write(self, data: bytes) -> None:
        """Sends all of ``data``."""


@runtime_checkable
class Tunable(Protocol):
    """A stream whose rate may be changed while it is open, for devices that may speak at any; not all streams can."""

    def rate(self, baud: int) -> None:
        """Speaks at ``baud`` from now on; what came at the old rate is thrown away."""


class I2C(Bus, Protocol):
    """An I2C bus with 7-bit addresses."""

    def transfer(self, address: int, data: bytes, size: int, pause: float = 0.0) -> bytes:
        """Writes ``data`` (unless empty), stops, waits ``pause`` seconds, reads ``size`` bytes (unless 0)."""


class Pulses(Bus, Protocol):
    """A line whose active edges are counted; ``lost`` are those the last ``take`` should have had but had not."""

    lost: int

    def take(self) -> tuple[int, float]:
        """The edges since the last call and the seconds they took."""


class Pin(Bus, Protocol):
    """A line whose level matters, as that of a contact."""

    def level(self) -> bool:
        """Whether the line is active, bounces left out."""


class Files(Bus, Protocol):
    """A device that the kernel shows as files, for example 1-Wire."""

    def read(self, name: str) -> str:
        """The text of one file of the device."""


@dataclass(frozen=True, slots=True)
class Wire:
    """How a device is attached: the key a configuration names the port with, and what the port must know.

    ``addresses`` are those the device may have, the usual one first. On a ``shared`` port several devices hang,
    told apart by address, or by options of theirs where there are no addresses.
    """

    key: str  # port, i2c, gpio, w1 or pps
    baud: int = 0  # 0 on a port: the device is reached over the network only, port = "tcp://HOST:PORT"
    addresses: tuple[int, ...] = ()
    shared: bool = False
    parity: str = "N"  # N, E or O; always 8 data bits
