"""The sensor's side of a Sensirion SHT3x."""

import errno

from drivers.checks import crc8
from drivers.sim.buses import SimI2C, wave
from drivers.sim.faults import Faults
from drivers.sim.time import Time

SHOTS = {b"\x24\x00": 0.015, b"\x24\x0b": 0.006, b"\x24\x16": 0.004}
ANSWERS = {b"\xf3\x2d": (0x0000,), b"\x37\x80": (0x0123, 0x4567)}  # status, serial number
SILENT = (b"\x30\x41", b"\x30\xa2", b"\x30\x93", b"\x30\x66")  # clear status, soft reset, break, heater off


class Chip:
    """Takes single shots without clock stretching, status and serial number; no acknowledge while it measures."""

    def __init__(self, time: Time) -> None:
        self._time = time
        self._ready = 0.0
        self._words: tuple[int, ...] = ()

    def write(self, data: bytes, at: float) -> None:
        """A command of 16 bits; an unknown one is not acknowledged."""
        if data in SHOTS:
            self._words = (round(0xFFFF * (_celsius(at) + 45) / 175), round(0xFFFF * _humidity(at) / 100))
            self._ready = self._time.now() + SHOTS[data]
        elif data in ANSWERS:
            self._words = ANSWERS[data]
        elif data not in SILENT:
            raise OSError(errno.EREMOTEIO, "unknown command")

    def read(self, size: int, at: float) -> bytes:
        """Words with their CRC, once."""
        if not self._words or self._time.now() < self._ready:
            raise OSError(errno.EREMOTEIO, "not ready")
        reply = b"".join(_word(word) for word in self._words)
        self._words = ()
        return reply[:size].ljust(size, b"\xff")


def _celsius(at: float) -> float:
    return wave(at, 9, 27, 600)


def _humidity(at: float) -> float:
    return wave(at + 200, 35, 85, 600)


def _word(word: int) -> bytes:
    data = word.to_bytes(2, "big")
    return data + bytes((crc8(data),))


def simulator(time: Time, faults: Faults) -> SimI2C:
    """A SHT3x in city air."""
    return SimI2C(time, faults, Chip(time))
