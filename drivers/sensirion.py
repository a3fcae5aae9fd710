"""What the Sensirion I2C family shares: 16-bit words, high byte first, each followed by its CRC-8."""

from drivers.checks import crc8
from drivers.errors import BadData


def words(reply: bytes, count: int | None = None) -> tuple[int, ...]:
    """The words of a reply, ``count`` of them. One wrong CRC or a short reply makes all of it ``BadData``."""
    if not reply or len(reply) % 3 or (count is not None and len(reply) != 3 * count):
        raise BadData(f"a reply of {len(reply)} bytes is cut short")
    return tuple(_word(reply[at : at + 3]) for at in range(0, len(reply), 3))


def command(code: int, *arguments: int) -> bytes:
    """A command of 16 bits and its arguments, as they go over the wire."""
    return code.to_bytes(2, "big") + b"".join(map(word, arguments))


def word(value: int) -> bytes:
    """A word and its CRC."""
    data = value.to_bytes(2, "big")
    return data + bytes((crc8(data),))


def celsius(value: int) -> float:
    """The temperature of a word, as SHT3x, SHT4x, SCD4x and SGP4x have it."""
    return -45 + 175 * value / 0xFFFF


def percent(value: int) -> float:
    """The relative humidity of a word, as SHT3x, SCD4x and SGP4x have it."""
    return 100 * value / 0xFFFF


def _word(part: bytes) -> int:
    if crc8(part[:2]) != part[2]:
        raise BadData(f"wrong CRC in {part.hex(' ')}")
    return int.from_bytes(part[:2], "big")
