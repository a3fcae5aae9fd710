"""Plantower PMS5003 particle counter (data manual v2.3, appendix I)."""

import struct

from drivers.bus import Wire
from drivers.checks import sum16
from drivers.driver import Measurement, StreamDriver, Timing
from drivers.errors import NoData
from drivers.framing import Fixed
from drivers.quality import NONE, Reason
from drivers.quantity import Quantity

MASSES = ("pm1_cf1", "pm2_5_cf1", "pm10_cf1", "pm1", "pm2_5", "pm10")
COUNTS = ("n0_3", "n0_5", "n1", "n2_5", "n5", "n10")


class PMS5003(StreamDriver):
    """9600 baud, a frame of 32 bytes each 0.2 to 2.3 s without being asked; laser and fan need 30 s.

    Masses in ug/m3: plain names are the atmospheric values, ``_cf1`` the factory ones. Counts are sent per
    0.1 L and given per cm3.
    """

    wire = Wire("port", baud=9600)
    measures = tuple(Quantity(name, "ug/m3", 0, 1000) for name in MASSES) + tuple(
        Quantity(name, "1/cm3", 0, 655.35, 2) for name in COUNTS
    )
    timing = Timing(warmup=30.0, interval=1.0, timeout=10.0)
    grade = "R"
    framing = (Fixed(b"BM\x00\x1c", 32, sum16),)

    def start(self) -> None:
        """Wakes it and puts it into active mode, in case someone left it asleep or passive."""
        self.stream.write(bytes.fromhex("424de400010174"))
        self.stream.write(bytes.fromhex("424de100010171"))

    def decode(self, frame: bytes) -> Measurement:
        """Words 1 to 12 are masses and counts; byte 29 is the error code."""
        words = struct.unpack(">12H", frame[4:28])
        if not any(words):
            raise NoData("all values are zero: the sensor is warming up")
        values = dict(zip(MASSES, map(float, words[:6]), strict=True))
        values |= {name: word / 100 for name, word in zip(COUNTS, words[6:], strict=True)}
        reason = Reason.SENSOR_FAULT if frame[29] else NONE
        if not values["pm1"] <= values["pm2_5"] <= values["pm10"]:
            reason |= Reason.INCONSISTENT
        return Measurement(values, dict.fromkeys(values, reason) if reason else {})
