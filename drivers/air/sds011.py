"""Nova Fitness SDS011 particle sensor, also SDS018 and SDS021 (laser dust sensor control protocol v1.3)."""

import struct

from drivers.bus import Wire
from drivers.driver import Measurement, StreamDriver, Timing
from drivers.errors import NoData
from drivers.framing import Fixed
from drivers.quality import NONE, Reason
from drivers.quantity import Quantity

CLIPPED = {"pm2_5": 9999, "pm10": 19999}  # raw words that mean "this much or more"


def sum8(frame: bytes) -> bool:
    """Byte 8 is the sum of the six before it."""
    return frame[9:] == b"\xab" and sum(frame[2:8]) & 0xFF == frame[8]


def command(*data: int, device: int = 0xFFFF) -> bytes:
    """A command of 19 bytes; device ``FFFF`` is whichever hears it."""
    body = bytes(data).ljust(13, b"\0") + device.to_bytes(2, "big")
    return b"\xaa\xb4" + body + bytes((sum(body) & 0xFF, 0xAB))


class SDS011(StreamDriver):
    """9600 baud, a frame of 10 bytes a second; the fan needs 30 s. Stated accuracy ends at 70 % humidity."""

    wire = Wire("port", baud=9600)
    lifetime = 8000.0
    measures = (Quantity("pm2_5", "ug/m3", 0, 999.9, 1), Quantity("pm10", "ug/m3", 0, 1999.9, 1))
    timing = Timing(warmup=30.0, interval=1.0)
    grade = "R"
    framing = (Fixed(b"\xaa\xc0", 10, sum8),)

    def start(self) -> None:
        """Active mode, in case someone left it asking to be asked."""
        self.stream.write(command(2, 1, 0))

    def decode(self, frame: bytes) -> Measurement:
        """Two words, little endian, in tenths of ug/m3; both zero right after the start mean nothing yet."""
        words = dict(zip(("pm2_5", "pm10"), struct.unpack_from("<HH", frame, 2), strict=True))
        if not any(words.values()):
            raise NoData("both values are zero: the fan has just started")
        flags = {name: Reason.SATURATED for name, word in words.items() if word >= CLIPPED[name]}
        if words["pm2_5"] > words["pm10"]:
            flags = {name: flags.get(name, NONE) | Reason.INCONSISTENT for name in words}
        return Measurement({name: word / 10 for name, word in words.items()}, flags)
