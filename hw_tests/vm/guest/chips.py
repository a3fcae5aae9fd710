"""The simulated chips of ``drivers.sim`` on the kernel's I2C bus: serves /dev/user_bus in a thread, or as a program."""

import errno
import os
import struct
from collections.abc import Mapping
from threading import Thread
from typing import NamedTuple

from drivers.sim import bme280, sht4x
from drivers.sim.buses import Chip
from drivers.sim.time import RealTime

HEAD, PART = struct.Struct("=Ii"), struct.Struct("=HHI")
READS = 0x0001  # flag of a message that the master reads
LARGEST = 8192
CONTROL, NORMAL = 0xF4, 0x03


class Bosch(bme280.Chip):
    """Measures in normal mode too, which is what Linux's driver sets."""

    def written(self, place: int, value: int, at: float) -> None:
        super().written(place, value, at)
        if place == CONTROL and value & NORMAL == NORMAL:
            self.put(0xF7, self._sample(at))


class Message(NamedTuple):
    """What a master wants of one address."""

    address: int
    size: int  # bytes to read, 0 when it writes
    data: bytes


class Wire(Thread):
    """The chips by address. ``scene`` is the moment whose weather they see; ``fault`` hits the next transfer."""

    def __init__(self, chips: Mapping[int, Chip]) -> None:
        super().__init__(name="wire", daemon=True)
        self.scene = 0.0
        self.fault = ""  # nack, crc (one bit of the first word that is read) or stuck
        self._chips = chips
        self._device = os.open("/dev/user_bus", os.O_RDWR)

    def run(self) -> None:
        while True:
            try:
                request = os.read(self._device, LARGEST)
            except BlockingIOError:  # the master gave up before we looked
                continue
            answer = self._answer(request)
            if answer:
                os.write(self._device, answer)

    def _answer(self, request: bytes) -> bytes:
        """Nothing where the bus is stuck."""
        number, _ = HEAD.unpack_from(request)
        messages = unpacked(request)
        fault = self._taken(any(message.size for message in messages))
        if fault == "stuck":
            return b""
        try:
            if fault == "nack":
                raise OSError(errno.ENXIO, "no acknowledge")
            data = b"".join(map(self._serve, messages))
        except OSError as error:
            return HEAD.pack(number, -(error.errno or errno.EIO))
        return HEAD.pack(number, 0) + (bytes((data[0] ^ 1,)) + data[1:] if fault == "crc" else data)

    def _taken(self, reads: bool) -> str:
        """The fault of this transfer; a wrong CRC waits for one that reads."""
        if self.fault == "crc" and not reads:
            return ""
        fault, self.fault = self.fault, ""
        return fault

    def _serve(self, message: Message) -> bytes:
        chip = self._chips.get(message.address)
        if chip is None:
            raise OSError(errno.ENXIO, "no acknowledge")
        if message.size:
            return chip.read(message.size, self.scene)
        if message.data:
            chip.write(message.data, self.scene)
        return b""


def unpacked(request: bytes) -> list[Message]:
    """The messages of a request of user_bus."""
    messages, at = [], HEAD.size
    for _ in range(HEAD.unpack_from(request)[1]):
        address, flags, length = PART.unpack_from(request, at)
        at += PART.size
        written = 0 if flags & READS else length
        messages.append(Message(address, length - written, request[at : at + written]))
        at += written
    return messages


def served() -> Wire:
    """The wire with a SHT4x at 0x44, a BMP280 at 0x76 and a BME280 at 0x77."""
    time = RealTime()
    wire = Wire({0x44: sht4x.Chip(time), 0x76: Bosch(time, "bmp280"), 0x77: Bosch(time, "bme280")})
    wire.start()
    return wire


if __name__ == "__main__":
    served().join()
