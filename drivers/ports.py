"""Real wires: pyserial, smbus2, sockets and files of the kernel, each imported when a port is opened.

The libraries' exceptions become ``BusError`` here and nowhere else. This is the only file that sleeps.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from drivers.errors import BusError

READ_TIMEOUT = 0.25  # seconds of silence after which a stream says so
CONNECT_TIMEOUT = 5.0  # seconds


class Port:
    """What all real ports share."""

    def wait(self, seconds: float) -> None:
        """Sleeps; the device is working meanwhile."""
        time.sleep(seconds)

    def close(self) -> None:
        """Gives the wire back; overridden where there is something to give back."""


class SerialPort(Port):
    """A UART, USB or RS-485 adapter, 8 data bits, one stop bit, held exclusively.

    Any I/O error means that the device is gone: pyserial keeps ``is_open`` true after an unplug, so the
    port closes itself and has to be opened anew, by a name that survives re-enumeration (by-id, by-path).
    """

    def __init__(self, path: str, baud: int, parity: str = "N") -> None:
        """Opens ``path`` at ``baud`` with ``parity`` N, E or O; raises ``BusError`` when that is not possible."""
        with translated(path):
            import serial

            self._serial: Any = serial.Serial(path, baud, parity=parity, timeout=READ_TIMEOUT, exclusive=True)
            self._device = os.fstat(self._serial.fileno()).st_rdev

    def read(self, size: int) -> bytes:
        """What has arrived, at most ``size`` bytes; waits for the first byte only."""
        with translated(self._serial.name):
            first: bytes = self._serial.read(1)
            if not first:
                self._check_name()
                return b""
            return first + bytes(self._serial.read(min(size - 1, self._serial.in_waiting)))

    def write(self, data: bytes) -> None:
        """Sends all of ``data``."""
        with translated(self._serial.name):
            self._serial.write(data)

    def rate(self, baud: int) -> None:
        """Another rate from now on, once all is sent; what came at the old one is thrown away."""
        with translated(self._serial.name):
            self._serial.flush()
            self._serial.baudrate = baud
            self._serial.reset_input_buffer()

    def _check_name(self) -> None:
        """A silent line may be an old one: the device was plugged in anew and its name leads elsewhere."""
        with suppress(FileNotFoundError):  # a name that udev is making anew
            if Path(self._serial.name).stat().st_rdev != self._device:
                raise BusError(f"{self._serial.name} is another device now")

    def close(self) -> None:
        """Closes the port even when the device is gone."""
        with suppress(OSError):  # of a device that is gone nothing is left to close
            self._serial.close()


class TcpPort(Port):
    """A byte stream over the network: gpsd, or a serial port that a server hands out as it is (ser2net, raw)."""

    def __init__(self, host: str, port: int) -> None:
        """Connects; raises ``BusError`` when that is not possible."""
        self._name = f"tcp://{host}:{port}"
        with translated(self._name):
            import socket

            self._socket = socket.create_connection((host, port), CONNECT_TIMEOUT)
            self._socket.settimeout(READ_TIMEOUT)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def read(self, size: int) -> bytes:
        """At most ``size`` bytes; raises ``BusError`` when the other end closed."""
        with translated(self._name), suppress(TimeoutError):
            data = self._socket.recv(size)
            if not data:
                raise BusError(f"{self._name}: closed by the other end")
            return data
        return b""

    def write(self, data: bytes) -> None:
        """Sends all of ``data``."""
        with translated(self._name):
            self._socket.sendall(data)

    def close(self) -> None:
        """Hangs up."""
        self._socket.close()


class I2CPort(Port):
    """An I2C bus of the kernel; plain transfers, because SMBus block reads end at 32 bytes."""

    def __init__(self, number: int) -> None:
        """Opens ``/dev/i2c-<number>``; raises ``BusError`` when that is not possible."""
        self._name = f"/dev/i2c-{number}"
        with translated(self._name):
            import smbus2

            self._message: Any = smbus2.i2c_msg
            self._bus: Any = smbus2.SMBus(number)

    def transfer(self, address: int, data: bytes, size: int, pause: float = 0.0) -> bytes:
        """Writes and reads as two transfers with a stop between them (no repeated start across a wait)."""
        with translated(f"{self._name} address 0x{address:02x}"):
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


class SysFiles(Port):
    """Files of a device under ``root``, for example ``/sys/bus/w1/devices/28-0316a2795bff``."""

    def __init__(self, root: str) -> None:
        """Raises ``BusError`` when the folder is not there."""
        self._root = Path(root)
        with translated(root):
            self._root.stat()

    def read(self, name: str) -> str:
        """The text of one file; reading ``w1_slave`` takes the conversion time of the device."""
        with translated(str(self._root / name)):
            return (self._root / name).read_text(encoding="ascii", errors="replace")


@contextmanager
def translated(name: str) -> Iterator[None]:
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
