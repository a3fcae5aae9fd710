"""The calibration of a Bosch BME280 or BMP280 and its formulas (data sheet BME280 version 1.6, section 8.1)."""

import struct
from dataclasses import dataclass

from drivers.errors import BadData


@dataclass(frozen=True, slots=True)
class Trim:
    """The coefficients T1 to T3, P1 to P9 and H1 to H6 of one chip; no H in a BMP280."""

    t: tuple[int, ...]
    p: tuple[int, ...]
    h: tuple[int, ...] = ()

    @classmethod
    def parse(cls, first: bytes, second: bytes = b"") -> "Trim":
        """From the registers 0x88 to 0xA1, and 0xE1 to 0xE7 of a BME280."""
        words = struct.unpack_from("<HhhHhhhhhhhh", first)
        if not words[0] or not words[3]:
            raise BadData("the calibration is empty")
        return cls(words[:3], words[3:], _humid(first[25], second) if second else ())

    def fine(self, sample: int) -> float:
        """The temperature as the other formulas want it."""
        t1, t2, t3 = self.t
        return (sample / 16384 - t1 / 1024) * t2 + (sample / 131072 - t1 / 8192) ** 2 * t3

    def hectopascals(self, sample: int, fine: float) -> float:
        """The pressure in hPa."""
        p1, p2, p3, p4, p5, p6, p7, p8, p9 = self.p
        v1 = int(fine) / 2 - 64000.0  # whole, as in the reference code
        v2 = (v1 * v1 * p6 / 32768 + v1 * p5 * 2) / 4 + p4 * 65536
        v1 = (1 + (p3 * v1 * v1 / 524288 + p2 * v1) / 524288 / 32768) * p1
        if v1 == 0:
            raise BadData("the calibration makes no sense of this temperature")
        pressure = (1048576 - sample - v2 / 4096) * 6250 / v1
        return (pressure + (p9 * pressure * pressure / 2147483648 + pressure * p8 / 32768 + p7) / 16) / 100

    def percent(self, sample: int, fine: float) -> float:
        """The relative humidity, which the formula lets run over both ends."""
        h1, h2, h3, h4, h5, h6 = self.h
        h = float(int(fine) - 76800)
        y = 1 + h3 / 67108864 * h
        z = 1 + h6 / 67108864 * h * y
        h = (sample - (h4 * 64 + h5 / 16384 * h)) * (h2 / 65536) * y * z
        return h * (1 - h1 * h / 524288)


def celsius(fine: float) -> float:
    """The temperature."""
    return fine / 5120


def _humid(h1: int, part: bytes) -> tuple[int, ...]:
    """H4 and H5 are signed, of 12 bits, and share register 0xE5."""
    h2, h3, e4, e5, e6, h6 = struct.unpack("<hBbBbb", part)
    return h1, h2, h3, e4 << 4 | e5 & 0x0F, e6 << 4 | e5 >> 4, h6
