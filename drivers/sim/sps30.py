"""The sensor's side of a Sensirion SPS30: what it measures, and I2C."""

import struct

from drivers.sensirion import word
from drivers.sim.buses import SimI2C, wave
from drivers.sim.faults import Faults
from drivers.sim.sensirion import arguments, insist
from drivers.sim.time import Time

CLEANING = 10.0  # seconds
SERIAL = b"0A1B2C3D4E5F6071"
BUSY = {0x0010: 0.02, 0x0104: 0.02, 0x1001: 0.005, 0x1103: 0.005, 0x5607: 0.005, 0xD210: 0.005, 0xD304: 0.1}


class Sensor:
    """Laser, fan and clock behind either wire; a new value each second while it measures."""

    def __init__(self, time: Time) -> None:
        self.time = time
        self.measuring = False
        self.asleep = False
        self.status = 0
        self._fresh = 0.0  # when the next value is ready

    def begin(self) -> None:
        """Starts laser and fan."""
        self.measuring, self._fresh = True, self.time.now() + 1

    def clean(self) -> None:
        """Blows the fan; there is no new value meanwhile."""
        self._fresh = self.time.now() + CLEANING

    @property
    def ready(self) -> bool:
        """Whether there is a value that nobody has read."""
        return self.measuring and self.time.now() >= self._fresh

    def take(self, at: float) -> bytes:
        """Ten floats of the world at that moment; the next ones come a second later."""
        self._fresh = self.time.now() + 1
        pm = wave(at, 3, 40, 120)
        masses = [pm * share for share in (0.7, 1.0, 1.2, 1.25)]
        counts = [pm * share for share in (4.6, 5.6, 5.9, 5.95, 5.97)]
        return struct.pack(">10f", *masses, *counts, wave(at, 0.45, 0.9, 200))


class Chip:
    """The I2C end: words with their CRC, no acknowledge while busy, asleep or asked for what it does not know."""

    def __init__(self, sensor: Sensor) -> None:
        self._sensor = sensor
        self._free = 0.0
        self._answer: bytes | None = None

    def write(self, data: bytes, at: float) -> None:
        """A command of 16 bits and its arguments."""
        code = int.from_bytes(data[:2], "big")
        insist(len(data) > 1 and self._sensor.time.now() >= self._free)
        insist(not self._sensor.asleep or code == 0x1103)
        self._answer = None
        self._obey(code, arguments(data[2:]), at)
        self._free = self._sensor.time.now() + BUSY.get(code, 0.0)

    def read(self, size: int, at: float) -> bytes:
        """The answer to the last command."""
        answer = self._answer or b""
        insist(bool(answer) and self._sensor.time.now() >= self._free)
        return answer[:size].ljust(size, b"\xff")

    def _obey(self, code: int, arguments: tuple[int, ...], at: float) -> None:
        sensor = self._sensor
        match code, arguments:
            case 0x0010, (0x0300,):
                sensor.begin()
            case (0x0104, ()) | (0xD304, ()):
                sensor.measuring = False
            case 0x0202, ():
                self._answer = word(int(sensor.ready))
            case 0x0300, () if sensor.measuring:
                self._answer = _packed(sensor.take(at))
            case 0x5607, () if sensor.measuring:
                sensor.clean()
            case 0x1001, () if not sensor.measuring:
                sensor.asleep = True
            case 0x1103, ():
                was, sensor.asleep = sensor.asleep, False
                insist(not was)  # the first one wakes only the interface
            case 0xD033, ():
                self._answer = _packed(SERIAL.ljust(32, b"\0"))
            case 0xD100, ():
                self._answer = word(0x0203)
            case 0xD206, ():
                self._answer = _packed(struct.pack(">I", sensor.status))
            case 0xD210, ():
                sensor.status = 0
            case _:
                insist(False)


def _packed(data: bytes) -> bytes:
    return b"".join(word(int.from_bytes(data[at : at + 2], "big")) for at in range(0, len(data), 2))


def simulator(time: Time, faults: Faults) -> SimI2C:
    """A SPS30 in a street."""
    return SimI2C(time, faults, Chip(Sensor(time)))
