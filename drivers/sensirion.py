"""What the Sensirion I2C family shares: 16-bit words, high byte first, each followed by its CRC-8."""

from collections.abc import Mapping
from typing import ClassVar

from drivers.checks import crc8
from drivers.driver import I2CDriver
from drivers.errors import BadData

PAUSE = 0.01  # seconds between the question for a serial number and its answer


class Numbered(I2CDriver):
    """A chip with a serial number in binary: ``number`` is the command that asks for it and the words it has."""

    number: ClassVar[tuple[bytes, int]]

    def identity(self) -> Mapping[str, str]:
        """The serial number in hexadecimal."""
        asking, count = self.number
        got = words(self.transfer(asking, 3 * count, PAUSE), count)
        return {"serial": "".join(f"{part:04x}" for part in got)}


class Resettable(I2CDriver):
    """A chip with a soft reset: ``soft_reset`` is the command and the seconds until it takes others again."""

    soft_reset: ClassVar[tuple[bytes, float]]

    def reset(self) -> None:
        """As after power-on."""
        code, seconds = self.soft_reset
        self.transfer(code, pause=seconds)


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


def text(reply: bytes, count: int) -> str:
    """The ASCII in ``count`` words, up to the first zero. Raises ``BadData``."""
    return plain(b"".join(part.to_bytes(2, "big") for part in words(reply, count)))


def plain(data: bytes) -> str:
    """The ASCII up to the first zero. Raises ``BadData``."""
    try:
        return data.partition(b"\0")[0].decode("ascii")
    except UnicodeDecodeError:
        raise BadData(f"{data.hex(' ')} is no text") from None


def version(value: int) -> str:
    """Major and minor version, a byte each."""
    return f"{value >> 8}.{value & 0xFF}"


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
