"""The sensor's side of a Plantower PMS5003."""

import struct

from drivers.sim.buses import SimStream, wave
from drivers.sim.faults import Faults
from drivers.sim.time import Time


class Sensor:
    """Sends a frame each ``period`` seconds while active; obeys sleep, wake, active, passive and read."""

    def __init__(self, period: float) -> None:
        self.period = period
        self.awake = True
        self.active = True
        self._at = 0.0

    def frame(self, at: float) -> bytes:
        """A frame as in the data manual, appendix I; nothing while asleep or passive."""
        self._at = at
        return self._frame() if self.awake and self.active else b""

    def receive(self, data: bytes) -> bytes:
        """Commands of 7 bytes: e1 mode, e2 read, e4 sleep and wake."""
        answer = b""
        for at in range(0, len(data) - 6, 7):
            answer += self._command(data[at + 2], data[at + 4])
        return answer

    def _command(self, command: int, argument: int) -> bytes:
        match command:
            case 0xE1:
                self.active = bool(argument)
                return _summed(bytes((0x42, 0x4D, 0, 4, command, argument)))
            case 0xE2:
                return self._frame()
            case 0xE4:
                self.awake = bool(argument)
        return b""

    def _frame(self) -> bytes:
        pm = wave(self._at, 4, 38, 120)
        masses = [round(pm * share) for share in (0.6, 1.0, 1.3)]
        counts = [round(pm * share) for share in (140, 42, 7, 1.2, 0.4, 0.1)]
        return _summed(b"BM\x00\x1c" + struct.pack(">13H", *masses, *masses, *counts, 0x9700))


def _summed(frame: bytes) -> bytes:
    return frame + struct.pack(">H", sum(frame) & 0xFFFF)


def simulator(time: Time, faults: Faults, period: str = "1") -> SimStream:
    """A PMS5003 that sends each ``period`` seconds."""
    return SimStream(time, faults, Sensor(float(period)))
