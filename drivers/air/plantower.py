"""What all Plantower particle counters share: frames, commands, duty (data manuals, appendix I)."""

import struct
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar

from drivers.bus import Wire
from drivers.driver import Measurement, StreamDriver, Timing
from drivers.errors import BadData, NoData
from drivers.option import Option
from drivers.quality import NONE, Reason
from drivers.quantity import Quantity

MASSES = ("pm1_cf1", "pm2_5_cf1", "pm10_cf1", "pm1", "pm2_5", "pm10")
COUNTS = ("n0_3", "n0_5", "n1", "n2_5", "n5", "n10")
DIVISORS = {"ug/m3": 1, "1/cm3": 100, "mg/m3": 1000, "Cel": 10, "%RH": 10}  # of the raw word
MASS = tuple(Quantity(name, "ug/m3", 0, 1000) for name in MASSES)
COUNT = tuple(Quantity(name, "1/cm3", 0, 655.35, 2) for name in COUNTS)
GAS = (Quantity("formaldehyde", "mg/m3", 0, 2, 3),)
WAKE, ACTIVE, PASSIVE, ASK, SLEEP = map(
    bytes.fromhex, ("424de400010174", "424de100010171", "424de100000170", "424de200000171", "424de400000173")
)
WARMUP = 30.0  # seconds
LATE = 200  # frames that may have come meanwhile
CLIMATE = (Quantity("temperature", "Cel", -20, 99, 1), Quantity("humidity", "%RH", 0, 99, 1))


class Plantower(StreamDriver):
    """9600 baud, a frame each 0.2 to 2.3 s without being asked; laser and fan need 30 s, the laser lasts 8000 h.

    A model says its ``measures`` as their words follow each other from byte 4 on, its ``framing``, which bytes are
    not all zero once it is ``awake``, and where its ``error`` code stands.
    """

    wire = Wire("port", baud=9600)
    lifetime = 8000.0
    timing = Timing(warmup=WARMUP, interval=1.0, timeout=10.0)
    options = (
        Option(
            "duty", "duration", 0.0, "wakes once in so long for a value, 30 s before; 0: always awake", "s", 0, 86400
        ),
    )
    awake: ClassVar[slice]
    error: ClassVar[slice] = slice(0)

    def start(self) -> None:
        """Wakes it and puts it into active mode, in case someone left it asleep or passive."""
        self.stream.write(WAKE)
        self.stream.write(ACTIVE)

    def stop(self) -> None:
        """Sleep: laser and fan stand still."""
        self.stream.write(SLEEP)

    @classmethod
    def timed(cls, options: Mapping[str, Any]) -> Timing:
        """With ``duty`` the warm-up is a part of each measurement."""
        duty = options.get("duty", 0.0)
        return Timing(measure=WARMUP, interval=duty, timeout=10.0, rest=duty) if duty else cls.timing

    def trigger(self) -> None:
        """With ``duty``: wakes it."""
        if self.set["duty"]:
            self.stream.write(WAKE)

    def read(self) -> Mapping[str, float] | Measurement:
        """With ``duty``: asks, takes the last value that came, as there may be some of the warm-up, and sleeps."""
        if not self.set["duty"]:
            return super().read()
        self.stream.write(PASSIVE)
        self.stream.write(ASK)
        newest = super().read()
        for _ in range(LATE):
            with suppress(BadData):
                try:
                    newest = super().read()
                except NoData:
                    break
        self.stream.write(SLEEP)
        return newest

    def decode(self, frame: bytes) -> Measurement:
        """A word a quantity, high byte first, signed where it may be negative."""
        if not any(frame[self.awake]):
            raise NoData("all values are zero: the sensor is warming up")
        form = ">" + "".join("h" if quantity.low < 0 else "H" for quantity in self.measures)
        words = zip(self.measures, struct.unpack_from(form, frame, 4), strict=True)
        values = {quantity.name: word / DIVISORS[quantity.unit] for quantity, word in words}
        flags = dict.fromkeys(values, Reason.SENSOR_FAULT if any(frame[self.error]) else NONE)
        for name in values.keys() & {*MASSES, *COUNTS}:
            flags[name] |= doubt(values)
        return Measurement(values, {name: reason for name, reason in flags.items() if reason})


def doubt(values: dict[str, float]) -> Reason:
    """Masses rise with the size, counts fall, and where there is mass there are particles."""
    masses = [values[name] for name in MASSES[3:]]
    counts = [values[name] for name in COUNTS if name in values]
    odd = masses != sorted(masses) or counts != sorted(counts, reverse=True) or (masses[2] > 0 and counts[:1] == [0])
    return Reason.INCONSISTENT if odd else NONE
