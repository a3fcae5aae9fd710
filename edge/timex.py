"""What the kernel says about its clock: adjtimex(2), struct timex of linux/timex.h."""

import ctypes
import struct
from functools import cache
from typing import Any, NamedTuple

STA_INS, STA_DEL, STA_UNSYNC, STA_NANO = 0x0010, 0x0020, 0x0040, 0x2000
IN_LEAP = 3  # what adjtimex returns during the leap second itself (TIME_OOP)
# longs of 4 bytes on 32-bit machines: modes; offset freq maxerror esterror; status; constant precision tolerance;
# time; tick; ppsfreq jitter; shift; stabil and four counters; tai
LAYOUT = struct.Struct("@I4li3l2ll2li5li")


class Timex(NamedTuple):
    """``error`` is the kernel's bound in s, None while it is not synchronised; ``leap`` is +1, -1 or 0 s tonight."""

    error: float | None
    leap: int
    leaping: bool
    tai: int


def timex() -> Timex | None:
    """The state of the kernel's clock; None where one may not ask."""
    buffer = ctypes.create_string_buffer(256)
    state = _libc().adjtimex(buffer)
    return None if state < 0 else parsed(state, buffer.raw)


def parsed(state: int, raw: bytes) -> Timex:
    """What adjtimex returned and filled in. What is still being slewed (``offset``) is not yet right, so it counts."""
    _, offset, _, maxerror, _, status, *_, tai = LAYOUT.unpack_from(raw)
    slewing = abs(offset) / (1e9 if status & STA_NANO else 1e6)
    error = None if status & STA_UNSYNC else maxerror / 1e6 + slewing
    return Timex(error, bool(status & STA_INS) - bool(status & STA_DEL), state == IN_LEAP, tai)


@cache
def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)
