"""Sums and CRCs that devices put behind their frames."""

from collections.abc import Callable
from functools import cache

Check = Callable[[bytes], bool]


def sum16(frame: bytes) -> bool:
    """The last two bytes (big endian) are the sum of all before them (Plantower)."""
    return sum(frame[:-2]) & 0xFFFF == int.from_bytes(frame[-2:], "big")


def winsen8(frame: bytes) -> bool:
    """The last byte and all behind the first add up to nothing in 8 bits (Winsen)."""
    return sum(frame[1:]) & 0xFF == 0


def fletcher8(frame: bytes) -> bool:
    """The last two bytes are the 8-bit Fletcher sum of all between sync and sum (u-blox, RFC 1145)."""
    return frame[-2:] == fletcher(frame[2:-2])


def fletcher(data: bytes) -> bytes:
    """The 8-bit Fletcher sum, two bytes (RFC 1145)."""
    a = b = 0
    for byte in data:
        a = (a + byte) & 0xFF
        b = (b + a) & 0xFF
    return bytes((a, b))


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


def crc16_modbus(data: bytes) -> int:
    """CRC-16 of Modbus RTU (poly 0x8005 reflected, init 0xFFFF); sent low byte first."""
    table = _crc16_table()
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    return crc


def lrc(data: bytes) -> int:
    """The sum that brings all bytes to zero (Modbus ASCII)."""
    return -sum(data) & 0xFF


@cache
def _crc8_table(poly: int) -> tuple[int, ...]:
    return tuple(_crc8_byte(byte, poly) for byte in range(256))


def _crc8_byte(crc: int, poly: int) -> int:
    for _ in range(8):
        crc = (crc << 1 ^ poly if crc & 0x80 else crc << 1) & 0xFF
    return crc


@cache
def _crc16_table() -> tuple[int, ...]:
    return tuple(_crc16_byte(byte) for byte in range(256))


def _crc16_byte(crc: int) -> int:
    for _ in range(8):
        crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc
