"""The wires of simulated devices: they carry the device's bytes, and its faults."""

import errno
import math
import os
import random
from typing import Protocol

from drivers.errors import BusError
from drivers.sim.faults import Faults
from drivers.sim.time import Time

READ_TIMEOUT = 0.25  # seconds, as a real port has


def wave(at: float, low: float, high: float, period: float) -> float:
    """A value that swings between two limits once a period: the world that simulated sensors measure."""
    return low + (high - low) * (0.5 - 0.5 * math.cos(2 * math.pi * at / period))


class Talker(Protocol):
    """The device's side of a byte stream."""

    period: float  # seconds between two transmissions

    def frame(self, at: float) -> bytes:
        """What the device sends at this moment."""

    def receive(self, data: bytes) -> bytes:
        """Takes a command, gives the answer."""


class Chip(Protocol):
    """The device's side of I2C."""

    def write(self, data: bytes, at: float) -> None:
        """Takes a command."""

    def read(self, size: int, at: float) -> bytes:
        """Gives an answer; raises ``OSError`` for no acknowledge."""


class Listing(Protocol):
    """A device that the kernel shows as files."""

    def text(self, name: str, at: float, *, noisy: bool) -> str:
        """One of its files; ``noisy`` when the wire to the device is disturbed. Raises ``OSError``."""


class SimStream:
    """A byte stream with a talking device at its end."""

    def __init__(self, time: Time, faults: Faults, device: Talker) -> None:
        self._time, self._faults, self._device = time, faults, device
        self._due = time.now() + device.period
        self._waiting = b""
        self._noise = random.Random(0)

    def read(self, size: int) -> bytes:
        """Waits for the next transmission, at most ``READ_TIMEOUT``."""
        self._fail_if_unplugged()
        if not self._waiting:
            self._listen()
        data, self._waiting = self._waiting[:size], self._waiting[size:]
        return data

    def write(self, data: bytes) -> None:
        """Hands a command to the device."""
        self._fail_if_unplugged()
        fault = self._faults.now()
        if fault != "silent":
            answer = self._device.receive(data)
            self._waiting += self._noise.randbytes(len(answer)) if fault == "garbage" else answer

    def wait(self, seconds: float) -> None:
        """Lets time pass."""
        self._time.wait(seconds)

    def close(self) -> None:
        """A simulated device needs no farewell."""

    def _listen(self) -> None:
        gap = self._due - self._time.now()
        if gap > READ_TIMEOUT:
            self._time.wait(READ_TIMEOUT)
            return
        self._time.wait(max(0.0, gap))
        self._due = max(self._due + self._device.period, self._time.now())
        frame = self._device.frame(self._faults.scene())
        match self._faults.now():
            case "silent":
                frame = b""
            case "garbage":
                frame = self._noise.randbytes(len(frame))
        self._waiting += frame

    def _fail_if_unplugged(self) -> None:
        if self._faults.now() == "unplug":
            raise _error(errno.EIO)


class SimI2C:
    """An I2C bus with one chip on it, which answers at every address it is asked for."""

    def __init__(self, time: Time, faults: Faults, chip: Chip) -> None:
        self._time, self._faults, self._chip = time, faults, chip
        self._noise = random.Random(0)

    def transfer(self, address: int, data: bytes, size: int, pause: float = 0.0) -> bytes:
        """As on a real bus: no acknowledge is errno 121, a bus that is gone is errno 19."""
        fault = self._faults.now()
        if fault in ("silent", "unplug"):
            raise _error(errno.EREMOTEIO if fault == "silent" else errno.ENODEV)
        try:
            if data:
                self._chip.write(data, self._faults.scene())
            self._time.wait(pause)
            answer = self._chip.read(size, self._faults.scene()) if size else b""
        except OSError as error:
            raise _error(error.errno or errno.EIO) from error
        return self._noise.randbytes(size) if fault == "garbage" else answer

    def wait(self, seconds: float) -> None:
        """Lets time pass."""
        self._time.wait(seconds)

    def close(self) -> None:
        """A simulated bus needs no farewell."""


class SimFiles:
    """The files of one device, which vanish with it."""

    def __init__(self, time: Time, faults: Faults, device: Listing) -> None:
        self._time, self._faults, self._device = time, faults, device

    def read(self, name: str) -> str:
        """The text of one file; a device that is silent or gone has none (errno 2)."""
        fault = self._faults.now()
        if fault in ("silent", "unplug"):
            raise _error(errno.ENOENT)
        try:
            return self._device.text(name, self._faults.scene(), noisy=fault == "garbage")
        except OSError as error:
            raise _error(error.errno or errno.EIO) from error

    def wait(self, seconds: float) -> None:
        """Lets time pass."""
        self._time.wait(seconds)

    def close(self) -> None:
        """A simulated file needs no farewell."""


def _error(number: int) -> BusError:
    error = BusError(f"sim: {os.strerror(number)}")
    error.__cause__ = OSError(number, os.strerror(number))
    return error
