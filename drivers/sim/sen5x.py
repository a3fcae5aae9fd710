"""The sensor's side of a Sensirion SEN50, SEN54 or SEN55."""

from drivers.sensirion import word
from drivers.sim.buses import SimI2C, wave
from drivers.sim.faults import Faults
from drivers.sim.sensirion import arguments, insist
from drivers.sim.time import Time

BUSY = {0x0021: 0.05, 0x0104: 0.16, 0xD304: 1.0}  # seconds; all else takes 0.02
CLEANING, LEARNING = 10.0, 11.0  # seconds
HAS = {"sen50": 4, "sen54": 7, "sen55": 8}  # of the eight words


class Chip:
    """Words with their CRC; no acknowledge while busy or asked for what it does not know."""

    def __init__(self, time: Time, model: str) -> None:
        self._time, self._model = time, model
        self._begun: float | None = None
        self._fresh = self._free = self._clean = 0.0
        self._answer = b""

    def write(self, data: bytes, at: float) -> None:
        """A command of 16 bits and its arguments."""
        now = self._time.now()
        insist(len(data) > 1 and now >= self._free)
        code = int.from_bytes(data[:2], "big")
        self._answer = b""
        self._obey(code, arguments(data[2:]), at)
        self._free = now + BUSY.get(code, 0.02)

    def read(self, size: int, at: float) -> bytes:
        """The answer to the last command."""
        insist(bool(self._answer) and self._time.now() >= self._free)
        return self._answer[:size].ljust(size, b"\xff")

    def _obey(self, code: int, arguments: tuple[int, ...], at: float) -> None:
        now = self._time.now()
        match code, arguments:
            case 0x0021, ():
                self._begun, self._fresh = now, now + 1
            case (0x0104, ()) | (0xD304, ()):
                self._begun = None
            case 0x60B2, (_, _, _) if self._model != "sen50":
                pass
            case 0x0202, ():
                self._answer = word(int(self._begun is not None and now >= self._fresh))
            case 0x03C4, () if self._begun is not None:
                self._fresh = now + 1
                self._answer = b"".join(map(word, self._words(at)))
            case 0x5607, () if self._begun is not None:
                self._clean = now + CLEANING
            case 0xD014, ():
                self._answer = _text(self._model.upper())
            case 0xD033, ():
                self._answer = _text("5E4D3C2B1A09F8E7")
            case 0xD206, ():
                self._answer = word(1 << 3 if now < self._clean else 0) + word(0)
            case _:
                insist(False)

    def _words(self, at: float) -> list[int]:
        pm = wave(at, 3, 40, 120)
        masses = [round(10 * pm * share) for share in (0.7, 1.0, 1.2, 1.25)]
        climate = [round(100 * wave(at, 40, 80, 600)), round(200 * wave(at, -4, 24, 600)) & 0xFFFF]
        gas = [round(10 * wave(at, 80, 160, 900)), round(10 * wave(at, 1, 30, 900))]
        if self._time.now() < (self._begun or 0.0) + LEARNING:
            gas[1] = 0x7FFF
        has = HAS[self._model]
        return [*masses, *climate, *gas][:has] + [0x7FFF] * (8 - has)


def _text(text: str) -> bytes:
    data = text.encode().ljust(32, b"\0")
    return b"".join(word(int.from_bytes(data[at : at + 2], "big")) for at in range(0, 32, 2))


def simulator(time: Time, faults: Faults, model: str = "sen55") -> SimI2C:
    """A ``model`` in a street: sen50, sen54 or sen55."""
    return SimI2C(time, faults, Chip(time, model))
