"""What the Sensirion I2C family shares: 16-bit words, high byte first, each followed by its CRC-8."""

from drivers.checks import crc8
from drivers.errors import BadData


def words(reply: bytes, count: int | None = None) -> tuple[int, ...]:
    """The words of a reply, ``count`` of them. One wrong CRC or a short reply makes all of it ``BadData``."""
    if not reply or len(reply) % 3 or (count is not None and len(reply) != 3 * count):
        raise BadData(f"a reply of {len(reply)} bytes is cut short")
    return tuple(_word(reply[at : at + 3]) for at in range(0, len(reply), 3))


def _word(part: bytes) -> int:
    if crc8(part[:2]) != part[2]:
        raise BadData(f"wrong CRC in {part.hex(' ')}")
    return int.from_bytes(part[:2], "big")
