"""Nova Fitness SDS011 particle sensor (laser dust sensor control protocol v1.3)."""

import struct

from drivers.bus import Wire
from drivers.driver import Measurement, StreamDriver, Timing
from drivers.errors import NoData
from drivers.framing import Fixed
from drivers.quality import Reason
from drivers.quantity import Quantity

CLIPPED = {"pm2_5": 9999, "pm10": 19999}  # raw words that mean "this much or more"


def _sum8(frame: bytes) -> bool:
    return frame[9:] == b"\xab" and sum(frame[2:8]) & 0xFF == frame[8]


class SDS011(StreamDriver):
    """9600 baud, a frame of 10 bytes a second; the fan needs 30 s. Stated accuracy ends at 70 % humidity."""

    wire = Wire("port", baud=9600)
    measures = (Quantity("pm2_5", "ug/m3", 0, 999.9, 1), Quantity("pm10", "ug/m3", 0, 1999.9, 1))
    timing = Timing(warmup=30.0, interval=1.0)
    framing = (Fixed(b"\xaa\xc0", 10, _sum8),)

    def start(self) -> None:
        """Active mode, in case someone left it asking to be asked."""
        self.stream.write(bytes.fromhex("aab402010000000000000000000000ffff01ab"))

    def decode(self, frame: bytes) -> Measurement:
        """Two words, little endian, in tenths of ug/m3; both zero right after the start mean nothing yet."""
        words = dict(zip(("pm2_5", "pm10"), struct.unpack_from("<HH", frame, 2), strict=True))
        if not any(words.values()):
            raise NoData("both values are zero: the fan has just started")
        flags = {name: Reason.SATURATED for name, word in words.items() if word >= CLIPPED[name]}
        return Measurement({name: word / 10 for name, word in words.items()}, flags)
