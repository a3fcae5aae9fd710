"""Sums and CRCs that devices put behind their frames."""

from collections.abc import Callable
from functools import cache

Check = Callable[[bytes], bool]


def sum16(frame: bytes) -> bool:
    """The last two bytes (big endian) are the sum of all before them (Plantower)."""
    return sum(frame[:-2]) & 0xFFFF == int.from_bytes(frame[-2:], "big")


def fletcher8(frame: bytes) -> bool:
    """The last two bytes are the 8-bit Fletcher sum of all between sync and sum (u-blox, RFC 1145)."""
    a = b = 0
    for byte in frame[2:-2]:
        a = (a + byte) & 0xFF
        b = (b + a) & 0xFF
    return frame[-2:] == bytes((a, b))


def xor8(data: bytes) -> int:
    """The exclusive or of all bytes (NMEA 0183)."""
    total = 0
    for byte in data:
        total ^= byte
    return total


def crc8(data: bytes, *, init: int = 0xFF, poly: int = 0x31) -> int:
    """CRC-8, high bit first, as Sensirion sends it after each 16-bit word (poly 0x31, init 0xFF)."""
    table = _crc8_table(poly)
    crc = init
    for byte in data:
        crc = table[crc ^ byte]
    return crc


def crc8_maxim(data: bytes) -> int:
    """CRC-8 of 1-Wire, low bit first (poly 0x31 reflected, init 0): Maxim application note 27."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x8C if crc & 1 else crc >> 1
    return crc


@cache
def _crc8_table(poly: int) -> tuple[int, ...]:
    return tuple(_crc8_byte(byte, poly) for byte in range(256))


def _crc8_byte(crc: int, poly: int) -> int:
    for _ in range(8):
        crc = (crc << 1 ^ poly if crc & 0x80 else crc << 1) & 0xFF
    return crc
