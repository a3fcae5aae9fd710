"""The kinds of wire a device hangs on, as a driver sees them.

Real ports (``drivers.ports``), simulators (``drivers.sim``) and recordings (``drivers.trace``) all speak
these protocols, so a driver cannot tell them apart. A failing wire raises ``BusError``, never ``OSError``.
"""

from dataclasses import dataclass
from typing import Protocol


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


class I2C(Bus, Protocol):
    """An I2C bus with 7-bit addresses."""

    def transfer(self, address: int, data: bytes, size: int, pause: float = 0.0) -> bytes:
        """Writes ``data`` (unless empty), stops, waits ``pause`` seconds, reads ``size`` bytes (unless 0)."""


class Pulses(Bus, Protocol):
    """A line whose active edges are counted."""

    def take(self) -> tuple[int, float]:
        """The edges since the last call and the seconds they took."""


class Files(Bus, Protocol):
    """A device that the kernel shows as files, for example 1-Wire."""

    def read(self, name: str) -> str:
        """The text of one file of the device."""


@dataclass(frozen=True, slots=True)
class Wire:
    """How a device is attached: the key a configuration names the port with, and what the port must know."""

    key: str  # port, i2c, gpio or w1
    baud: int = 0
    addresses: tuple[int, ...] = ()
