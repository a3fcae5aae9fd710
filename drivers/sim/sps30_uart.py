"""The sensor's side of a Sensirion SPS30 on UART."""

import math
import struct

from drivers.errors import BadData
from drivers.shdlc import FLAG, content, packed
from drivers.sim.buses import SimStream
from drivers.sim.faults import Faults
from drivers.sim.sps30 import SERIAL, Sensor
from drivers.sim.time import Time

LENGTH, UNKNOWN, PARAMETER, NOT_NOW = 0x01, 0x02, 0x04, 0x43
VERSION = bytes((2, 3, 0, 7, 0, 2, 0))
FLOATS = b"\x01\x03"


class Device:
    """Answers questions in SHDLC; never speaks unasked. A frame with a wrong sum is not answered."""

    period = math.inf

    def __init__(self, sensor: Sensor, faults: Faults) -> None:
        self._sensor, self._faults = sensor, faults

    def frame(self, at: float) -> bytes:
        """Nothing."""
        return b""

    def receive(self, data: bytes) -> bytes:
        """The answers to all whole frames."""
        answers = b""
        for part in data.split(FLAG):
            if part:
                answers += self._answer(FLAG + part + FLAG)
        return answers

    def _answer(self, frame: bytes) -> bytes:
        try:
            got = content(frame)
        except BadData:
            return b""
        if len(got) < 3 or got[0] != 0:
            return b""
        state, data = (LENGTH, b"") if len(got) != 3 + got[2] else self._obey(got[1], got[3:])
        return packed(bytes((0, got[1], state | self._fault(), len(data))) + data)

    def _fault(self) -> int:
        return 0x80 if self._sensor.status else 0

    def _obey(self, command: int, data: bytes) -> tuple[int, bytes]:
        sensor = self._sensor
        match command:
            case 0x00 | 0x01 | 0x03 | 0x56 if sensor.measuring == (command == 0x00):
                return NOT_NOW, b""
            case 0x00 if data != FLOATS:
                return PARAMETER, b""
            case 0x00:
                sensor.begin()
            case 0x01 | 0xD3:
                sensor.measuring = False
            case 0x03:
                return 0, sensor.take(self._faults.scene()) if sensor.ready else b""
            case 0x56:
                sensor.clean()
            case 0xD0 if data == b"\x03":
                return 0, SERIAL + b"\0"
            case 0xD1:
                return 0, VERSION
            case 0xD2:
                return 0, struct.pack(">IB", sensor.status, 0)
            case _:
                return UNKNOWN, b""
        return 0, b""


def simulator(time: Time, faults: Faults) -> SimStream:
    """A SPS30 in a street."""
    return SimStream(time, faults, Device(Sensor(time), faults))
