"""Real wires: pyserial, smbus2, gpiozero and files of the kernel, each imported when a port is opened.

The libraries' exceptions become ``BusError`` here and nowhere else. This is the only file that sleeps.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from drivers.errors import BusError
from drivers.pulses import Debounce

READ_TIMEOUT = 0.25  # seconds of silence after which a stream says so


class _Port:
    """What all real ports share."""

    def wait(self, seconds: float) -> None:
        """Sleeps; the device is working meanwhile."""
        time.sleep(seconds)

    def close(self) -> None:
        """Gives the wire back; overridden where there is something to give back."""


class SerialPort(_Port):
    """A UART, USB or RS-485 adapter, 8 data bits, no parity, one stop bit, held exclusively.

    Any I/O error means that the device is gone: pyserial keeps ``is_open`` true after an unplug, so the
    port closes itself and has to be opened anew, by a name that survives re-enumeration (by-id, by-path).
    """

    def __init__(self, path: str, baud: int) -> None:
        """Opens ``path`` at ``baud``; raises ``BusError`` when that is not possible."""
        with _translated(path):
            import serial

            self._serial: Any = serial.Serial(path, baud, timeout=READ_TIMEOUT, exclusive=True)

    def read(self, size: int) -> bytes:
        """What has arrived, at most ``size`` bytes; waits for the first byte only."""
        with _translated(self._serial.name):
            first: bytes = self._serial.read(1)
            if not first:
                return b""
            return first + bytes(self._serial.read(min(size - 1, self._serial.in_waiting)))

    def write(self, data: bytes) -> None:
        """Sends all of ``data``."""
        with _translated(self._serial.name):
            self._serial.write(data)

    def close(self) -> None:
        """Closes the port even when the device is gone."""
        with suppress(OSError):  # of a device that is gone nothing is left to close
            self._serial.close()


class I2CPort(_Port):
    """An I2C bus of the kernel; plain transfers, because SMBus block reads end at 32 bytes."""

    def __init__(self, number: int) -> None:
        """Opens ``/dev/i2c-<number>``; raises ``BusError`` when that is not possible."""
        self._name = f"/dev/i2c-{number}"
        with _translated(self._name):
            import smbus2

            self._message: Any = smbus2.i2c_msg
            self._bus: Any = smbus2.SMBus(number)

    def transfer(self, address: int, data: bytes, size: int, pause: float = 0.0) -> bytes:
        """Writes and reads as two transfers with a stop between them (no repeated start across a wait)."""
        with _translated(f"{self._name} address 0x{address:02x}"):
            if data:
                self._bus.i2c_rdwr(self._message.write(address, data))
            if pause:
                time.sleep(pause)
            if not size:
                return b""
            answer = self._message.read(address, size)
            self._bus.i2c_rdwr(answer)
            return bytes(answer)

    def close(self) -> None:
        """Closes the bus."""
        self._bus.close()


class PulsePin(_Port):
    """Counts the pulses of a GPIO line with gpiozero; ``factory`` is lgpio's unless a simulator gives its own.

    The pin factory is named, because gpiozero otherwise falls back from one to the next without a word.
    """

    def __init__(
        self, gpio: int, *, debounce: float = 0.0, factory: Any = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``gpio`` in BCM numbering, pulled up, active low; ``debounce`` in seconds, see ``drivers.pulses``."""
        self._clock = clock
        self._taken = 0
        with _translated(f"GPIO {gpio}"):
            self._pin: Any = _input(gpio, factory or _lgpio())
            self._pulses = Debounce(debounce, active=self._pin.is_active)
            self._pin.pin.edges = "both"
            self._pin.pin.when_changed = self._changed
        self._at = clock()

    def _changed(self, ticks: float, level: int) -> None:
        """Both edges, with the kernel's time of each in seconds."""
        self._pulses.edge(ticks, not level)

    def take(self) -> tuple[int, float]:
        """The pulses since the last call and the seconds since then, as the monotonic clock has them."""
        now, count = self._clock(), self._pulses.count
        got = count - self._taken, now - self._at
        self._taken, self._at = count, now
        return got

    def close(self) -> None:
        """Gives the pin back."""
        if not self._pin.closed:
            self._pin.pin.when_changed = None
            self._pin.close()


class SysFiles(_Port):
    """Files of a device under ``root``, for example ``/sys/bus/w1/devices/28-0316a2795bff``."""

    def __init__(self, root: str) -> None:
        """Raises ``BusError`` when the folder is not there."""
        self._root = Path(root)
        with _translated(root):
            self._root.stat()

    def read(self, name: str) -> str:
        """The text of one file; reading ``w1_slave`` takes the conversion time of the device."""
        with _translated(str(self._root / name)):
            return (self._root / name).read_text(encoding="ascii", errors="replace")


@cache
def _lgpio() -> Any:
    """One for the process: closing one closes the pins of all, and each holds the chip open."""
    from gpiozero.pins.lgpio import LGPIOFactory

    return LGPIOFactory()


def _input(gpio: int, factory: Any) -> Any:
    from gpiozero import InputDevice

    return InputDevice(gpio, pull_up=True, pin_factory=factory)


@contextmanager
def _translated(name: str) -> Iterator[None]:
    """Turns whatever a library raises into ``BusError`` with the name of the port; the cause keeps the errno."""
    try:
        yield
    except BusError:
        raise
    except Exception as error:
        raise BusError(f"{name}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    if isinstance(error, ImportError):
        return f"needs a Python package that is not installed ({error.name}): pip install edge-gateway[gpio]"
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    return str(error) or type(error).__name__
