"""The sensor's side of the Plantower family."""

import struct
from collections.abc import Callable

from drivers.sim.buses import SimStream, wave
from drivers.sim.faults import Faults
from drivers.sim.time import Time

VERSION = 0x9700  # and error code 0


class Sensor:
    """Sends a frame each ``period`` seconds while active; obeys sleep, wake, active, passive and read."""

    def __init__(self, period: float, model: str = "pms5003") -> None:
        self.period = period
        self.awake = True
        self.active = True
        self._model = model
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
                return _framed(bytes((command, argument)))
            case 0xE2 if self.awake:
                return self._frame()
            case 0xE4:
                self.awake = bool(argument)
        return b""

    def _frame(self) -> bytes:
        pm = wave(self._at, 4, 38, 120)
        masses = [round(pm * share) for share in (0.6, 1.0, 1.3)]
        counts = [round(pm * share) for share in (140, 42, 7, 1.2, 0.4, 0.1)]
        words = (*masses, *masses, *self._behind(counts))
        return _framed(struct.pack(f">{len(words)}H", *words))

    def _behind(self, counts: list[int]) -> list[int]:
        """The words behind the masses."""
        gas = round(wave(self._at, 8, 45, 300))
        climate = round(10 * wave(self._at, -6, 27, 600)) & 0xFFFF, round(10 * wave(self._at, 35, 85, 600))
        match self._model:
            case "pms3003":
                return [0, 0, 0x51]
            case "pms5003s":
                return [*counts, gas]
            case "pms5003t":
                return [*counts[:4], *climate, VERSION]
            case "pms5003st":
                return [*counts, gas, *climate, 0, VERSION]
        return [*counts, VERSION]


def _framed(body: bytes) -> bytes:
    frame = b"BM" + struct.pack(">H", len(body) + 2) + body
    return frame + struct.pack(">H", sum(frame) & 0xFFFF)


def simulator_of(model: str) -> Callable[..., SimStream]:
    """What makes a simulated sensor of this model."""

    def simulator(time: Time, faults: Faults, period: str = "1") -> SimStream:
        """A sensor that sends each ``period`` seconds."""
        return SimStream(time, faults, Sensor(float(period), model))

    return simulator
