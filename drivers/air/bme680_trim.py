"""The calibration of a Bosch BME680 or BME688 and its integer formulas (data sheet version 1.9, chapter 3)."""

import struct
from dataclasses import dataclass

from drivers.air.bosch import sample16, sample20
from drivers.errors import BadData

GAS1 = {5: 2126008810, 7: 2130303777, 10: 2143188679, 11: 2136746228, 13: 2126008810}  # others: the largest int32
GAS2 = (4096000000, 2048000000, 1024000000, 512000000, 255744255, 127110228, 64000000, 32258064,
        16016016, 8000000, 4000000, 2000000, 1000000, 500000, 250000, 125000)  # fmt: skip
LAYOUT = "<hbxHhbxhhbbxxhhBBBBbbbBbHhbbbxBxb"  # registers 0x8A to 0xA0, 0xE1 to 0xEE, 0x00 to 0x04
FINEST = 64000


@dataclass(frozen=True, slots=True)
class Trim:
    """The coefficients T, P, H and G (heater) of one chip, and three of its heater and gas ranges."""

    t: tuple[int, ...]
    p: tuple[int, ...]
    h: tuple[int, ...]
    g: tuple[int, ...]
    heat_value: int
    heat_range: int
    range_error: int

    @classmethod
    def parse(cls, registers: bytes) -> "Trim":
        """From the three blocks of ``LAYOUT``, 42 bytes."""
        (t2, t3, p1, p2, p3, p4, p5, p7, p6, p8, p9, p10, e1, e2, e3, h3, h4, h5, h6, h7, t1, g2, g1, g3,
         heat_value, heat_range, range_error) = struct.unpack(LAYOUT, registers)  # fmt: skip
        if not t1 or not p1:
            raise BadData("the calibration is empty")
        return cls(
            (t1, t2, t3),
            (p1, p2, p3, p4, p5, p6, p7, p8, p9, p10),
            (e3 << 4 | e2 & 0x0F, e1 << 4 | e2 >> 4, h3, h4, h5, h6, h7),
            (g1, g2, g3),
            heat_value,
            heat_range >> 4 & 3,
            range_error >> 4,
        )

    def climate(self, field: bytes) -> dict[str, float]:
        """Temperature, pressure and humidity out of field 0, in Cel, hPa and %RH."""
        fine = self.fine(sample20(field[5:8]))
        return {
            "temperature": centidegrees(fine) / 100,
            "pressure": self.pascals(sample20(field[2:5]), fine) / 100,
            "humidity": self.millipercent(sample16(field[8:10]), fine) / 1000,
        }

    def fine(self, sample: int) -> int:
        """The temperature as the formula of pressure wants it."""
        t1, t2, t3 = self.t
        v1 = (sample >> 3) - (t1 << 1)
        return (v1 * t2 >> 11) + (((v1 >> 1) * (v1 >> 1) >> 12) * (t3 << 4) >> 14)

    def pascals(self, sample: int, fine: int) -> int:
        """The pressure in Pa."""
        p1, p2, p3, p4, p5, p6, p7, p8, p9, p10 = self.p
        v1 = (fine >> 1) - FINEST
        square = (v1 >> 2) * (v1 >> 2)
        v2 = ((square >> 11) * p6 >> 2) + (v1 * p5 << 1)
        v2 = (v2 >> 2) + (p4 << 16)
        v1 = (((square >> 13) * (p3 << 5) >> 3) + (p2 * v1 >> 1)) >> 18
        v1 = (32768 + v1) * p1 >> 15
        if v1 == 0:
            raise BadData("the calibration makes no sense of this temperature")
        rest = (1048576 - sample - (v2 >> 12)) * 3125
        pressure = _div(rest, v1) << 1 if rest >= 0x40000000 else _div(rest << 1, v1)
        v1 = p9 * ((pressure >> 3) * (pressure >> 3) >> 13) >> 12
        v2 = (pressure >> 2) * p8 >> 13
        v3 = (pressure >> 8) ** 3 * p10 >> 17
        return pressure + ((v1 + v2 + v3 + (p7 << 7)) >> 4)

    def millipercent(self, sample: int, fine: int) -> int:
        """The relative humidity in thousandths of a percent, which runs over both ends."""
        h1, h2, h3, h4, h5, h6, h7 = self.h
        t = centidegrees(fine)
        v1 = sample - h1 * 16 - (_div(t * h3, 100) >> 1)
        v2 = h2 * (_div(t * h4, 100) + _div(t * _div(t * h5, 100) >> 6, 100) + (1 << 14)) >> 10
        v3 = v1 * v2
        v4 = ((h6 << 7) + _div(t * h7, 100)) >> 4
        return (((v3 + (v4 * ((v3 >> 14) * (v3 >> 14) >> 10) >> 1)) >> 10) * 1000) >> 12

    def ohms(self, sample: int, span: int, variant: int) -> int:
        """The resistance of the gas layer: ``variant`` 0 is a BME680, 1 a BME688."""
        if variant:
            return _div(10000 * (262144 >> span), 4096 + 3 * (sample - 512)) * 100
        v1 = (1340 + 5 * self.range_error) * GAS1.get(span, 0x7FFFFFFF) >> 16
        v2 = (sample << 15) - 16777216 + v1
        return _div((GAS2[span] * v1 >> 9) + (v2 >> 1), v2)

    def heat(self, target: int, ambient: int) -> int:
        """The register value for a heater of ``target`` Cel, at most 400, in air of ``ambient`` Cel."""
        g1, g2, g3 = self.g
        v1 = _div(ambient * g3, 1000) * 256
        v2 = (g1 + 784) * _div(_div((g2 + 154009) * min(target, 400) * 5, 100) + 3276800, 10)
        v4 = _div(v1 + _div(v2, 2), self.heat_range + 4)
        return _div((_div(v4, 131 * self.heat_value + 65536) - 250) * 34 + 50, 100)


def centidegrees(fine: int) -> int:
    """The temperature in hundredths of a degree."""
    return (fine * 5 + 128) >> 8


def gas_wait(milliseconds: int) -> int:
    """The register value for the time of heating: 6 bits, and 2 bits for a power of four."""
    if milliseconds >= 0xFC0:
        return 0xFF
    power = 0
    while milliseconds > 0x3F:
        milliseconds //= 4
        power += 1
    return milliseconds + 64 * power


def _div(a: int, b: int) -> int:
    """Division as in C, towards zero."""
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
