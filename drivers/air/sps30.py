"""Sensirion SPS30 particle sensor (data sheet v1.0): chapter 6 I2C, with pin SEL on ground; chapter 5 UART."""

import math
import struct
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from drivers.bus import Stream, Wire
from drivers.driver import Driver, Measurement, Timing
from drivers.errors import BadData, BusError, NoData
from drivers.quality import NONE, Reason
from drivers.quantity import Quantity
from drivers.sensirion import Resettable, command, plain, text, version, words
from drivers.shdlc import DEVICE_ERROR, Line

BEGIN, STOP, READY, READ, SERIAL, VERSION, STATUS = 0x0010, 0x0104, 0x0202, 0x0300, 0xD033, 0xD100, 0xD206
FAULTS = 1 << 21 | 1 << 5 | 1 << 4  # bits of the status: fan speed, laser, fan
MASSES = ("pm1", "pm2_5", "pm4", "pm10")
COUNTS = ("n0_5", "n1", "n2_5", "n4", "n10")
NAMES = (*MASSES, *COUNTS, "typical_size")
ANSWER = 0.05  # seconds within which it answers on UART
DEAD = 1.63  # um, the size that goes with no mass at all when laser or fan are broken


class SPS30(Resettable):
    """A value a second; needs 30 s in clean air, and blows its fan for 10 s a week.

    I2C at 0x69, at most 100 kHz. Counts are of particles from 0.3 um up to the size.
    """

    wire = Wire("i2c", addresses=(0x69,))
    measures = (
        *(Quantity(name, "ug/m3", 0, 1000, 1) for name in MASSES),
        *(Quantity(name, "1/cm3", 0, 3000, 1) for name in COUNTS),
        Quantity("typical_size", "um", 0.3, 10, 2),
    )
    timing = Timing(warmup=30.0, interval=1.0, timeout=15.0)
    soft_reset = (command(0xD304), 0.1)
    version = 0  # of the firmware, not known yet

    def start(self) -> None:
        """Stops what an earlier run began and begins anew, in floats."""
        with suppress(BusError):
            self.transfer(command(STOP), pause=0.02)
        self.transfer(command(BEGIN, 0x0300), pause=0.02)

    def identity(self) -> Mapping[str, str]:
        """Serial number and firmware."""
        serial = text(self.transfer(command(SERIAL), 48, 0.005), 16)
        return {"serial": serial, "firmware": version(self._version())}

    def read(self) -> Measurement:
        """Ten floats of two words each, once there is something new, and the status."""
        if not words(self.transfer(command(READY), 3, 0.005), 1)[0]:
            raise NoData("the sensor has nothing new")
        values = words(self.transfer(command(READ), 60, 0.005), 20)
        return decode(struct.pack(">20H", *values), broken=bool(self._status() & FAULTS))

    def stop(self) -> None:
        """Laser and fan stand still."""
        self.transfer(command(STOP))

    def _status(self) -> int:
        """32 bits; firmware before 2.0 has none."""
        if self._version() < 0x0200:
            return 0
        high, low = words(self.transfer(command(STATUS), 6, 0.005), 2)
        return high << 16 | low

    def _version(self) -> int:
        self.version = self.version or words(self.transfer(command(VERSION), 3, 0.005), 1)[0]
        return self.version


class SPS30UART(Driver):
    """A value a second; needs 30 s in clean air, and blows its fan for 10 s a week.

    115200 baud, SHDLC, with pin SEL open. Counts are of particles from 0.3 um up to the size.
    """

    wire = Wire("port", baud=115200)
    measures = SPS30.measures
    timing = SPS30.timing
    grade = "R"

    def __init__(self, bus: Stream, **options: Any) -> None:
        """``bus`` is a byte stream at ``wire.baud``."""
        super().__init__(bus, **options)
        self.line = Line(bus)

    def start(self) -> None:
        """Stops what an earlier run began (refused where nothing runs) and begins anew, in floats."""
        self.line.tell(0x01)
        self.bus.wait(ANSWER)
        self.line.tell(0x00, b"\x01\x03")
        self.bus.wait(ANSWER)

    def reset(self) -> None:
        """As after power-on, within 100 ms."""
        self.line.tell(0xD3)
        self.bus.wait(0.1)

    def identity(self) -> Mapping[str, str]:
        """Serial number and firmware."""
        serial, firmware = plain(self.line.ask(0xD0, b"\x03").data), self.line.ask(0xD1).data
        return {"serial": serial, "firmware": version(int.from_bytes(firmware[:2], "big"))}

    def read(self) -> Measurement:
        """Ten floats; no data means nothing new."""
        got = self.line.ask(0x03)
        if not got.data:
            raise NoData("the sensor has nothing new")
        return decode(got.data, broken=bool(got.state & DEVICE_ERROR))

    def stop(self) -> None:
        """Laser and fan stand still."""
        self.line.tell(0x01)


def decode(data: bytes, *, broken: bool) -> Measurement:
    """Ten floats, high byte first; masses rise with the size. Raises ``BadData``."""
    values = dict(zip(NAMES, struct.unpack(">10f", data), strict=True))
    if not all(map(math.isfinite, values.values())):
        raise BadData("a value is no number: laser or fan may be broken")
    masses = [values[name] for name in MASSES]
    dead = not any(masses) and round(values["typical_size"], 2) == DEAD
    reason = Reason.SENSOR_FAULT if broken or dead else NONE
    reason |= NONE if masses == sorted(masses) else Reason.INCONSISTENT
    return Measurement(values, dict.fromkeys(values, reason) if reason else {})
