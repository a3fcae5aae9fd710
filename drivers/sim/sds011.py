"""The sensor's side of a Nova Fitness SDS011 or SDS198."""

from drivers.sim.buses import SimStream, wave
from drivers.sim.faults import Faults
from drivers.sim.time import Time

DEVICE = b"\xa1\x60"
FAN = 2.0  # seconds after waking in which it says zero
COMMAND = 19


class Sensor:
    """Sends a frame a second while it is active and awake; obeys mode, query, sleep, firmware and period."""

    period = 1.0

    def __init__(self, time: Time, kind: int = 0xC0) -> None:
        self._time, self._kind = time, kind
        self._at = time.now()
        self._woken = time.now()
        self._awake = True
        self._asked = 0  # 1: sends only when asked
        self._minutes = 0

    def frame(self, at: float) -> bytes:
        """PM2.5 and PM10 in tenths of ug/m3, or PM100 in ug/m3."""
        self._at = at
        return self._data() if self._awake and not self._asked and self._working() else b""

    def receive(self, data: bytes) -> bytes:
        """Whole commands for this sensor with a right sum; while asleep only the one that wakes it."""
        answer = b""
        for at in range(0, len(data) - COMMAND + 1, COMMAND):
            one = data[at : at + COMMAND]
            mine = one[15:17] in (b"\xff\xff", DEVICE) and sum(one[2:17]) & 0xFF == one[17]
            if mine and one[:2] == b"\xaa\xb4" and (self._awake or one[2] == 6):
                answer += self._obey(one[2], one[3], one[4])
        return answer

    def _obey(self, function: int, change: int, value: int) -> bytes:
        match function:
            case 2:
                self._asked = value if change else self._asked
                return _frame(0xC5, bytes((2, change, self._asked, 0)))
            case 4:
                return self._data()
            case 6:
                self._sleep(value == 0) if change else None
                return _frame(0xC5, bytes((6, change, int(self._awake), 0)))
            case 7:
                return _frame(0xC5, bytes((7, 18, 11, 16)))
            case 8:
                self._minutes = value if change else self._minutes
                return _frame(0xC5, bytes((8, change, self._minutes, 0)))
        return b""

    def _sleep(self, asleep: bool) -> None:
        if not asleep and not self._awake:
            self._woken = self._time.now()
        self._awake = not asleep

    def _working(self) -> bool:
        """With a working period of n minutes it rests n * 60 - 30 s, then works for 30 s."""
        cycle = self._minutes * 60
        return not cycle or (self._time.now() - self._woken) % cycle >= cycle - 30

    def _data(self) -> bytes:
        fine = 0.0 if self._time.now() - self._woken < FAN else wave(self._at, 3, 45, 150)
        values = (round(10 * fine), round(16 * fine)) if self._kind == 0xC0 else (14, round(6 * fine))
        return _frame(self._kind, b"".join(value.to_bytes(2, "little") for value in values))


def _frame(kind: int, data: bytes) -> bytes:
    body = data + DEVICE
    return bytes((0xAA, kind)) + body + bytes((sum(body) & 0xFF, 0xAB))


def simulator(time: Time, faults: Faults) -> SimStream:
    """A SDS011 in a street."""
    return SimStream(time, faults, Sensor(time))
