"""The front of a segment: what all its records share, twice, so that a flipped bit costs nothing.

Two copies of 128 bytes, little-endian::

    "EDG1"  u16 version  u16 -  u64 first seq  i64 base (microseconds since boot)  36 s boot id  u32 salt  u32 crc32
"""

import struct
from typing import NamedTuple
from zlib import crc32

HEADER = struct.Struct("<4sHHQq36sI")
COPY = 128  # bytes between the two copies
START = 2 * COPY  # where the records begin
MAGIC = b"EDG1"
VERSION = 2  # what is written; it has smaller records than version 1
VERSIONS = (1, 2)  # what is read


class Header(NamedTuple):
    """What all records of a segment share; ``base`` are microseconds of CLOCK_BOOTTIME."""

    first: int
    base: int
    boot: str
    salt: int
    version: int = VERSION

    def pack(self) -> bytes:
        """Both copies, as they stand at the front of the file."""
        head = HEADER.pack(MAGIC, self.version, 0, self.first, self.base, self.boot.encode(), self.salt)
        return (head + crc32(head).to_bytes(4, "little")).ljust(COPY, b"\0") * 2


def unpack_header(data: bytes) -> Header | None:
    """The header from whichever copy is whole; None if neither is, or its version is none of ours."""
    for at in (0, COPY):
        head, check = data[at : at + HEADER.size], data[at + HEADER.size : at + HEADER.size + 4]
        if len(check) == 4 and crc32(head) == int.from_bytes(check, "little"):
            magic, version, _, first, base, boot, salt = HEADER.unpack(head)
            if magic == MAGIC and version in VERSIONS:
                return Header(first, base, boot.rstrip(b"\0").decode("ascii", "replace"), salt, version)
    return None
