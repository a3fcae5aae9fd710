"""The circuit's side of an Atlas Scientific EZO-pH."""

from drivers.sim.buses import SimI2C, wave
from drivers.sim.faults import Faults
from drivers.sim.time import Time

READING = 0.9  # seconds
OTHERS = 0.3
OK, SYNTAX, PENDING, EMPTY = b"\x01", b"\x02", b"\xfe", b"\xff"
POINTS = ("mid", "low", "high")


class Circuit:
    """Understands ``R``, ``i``, ``Status``, ``Cal,...`` and ``T,...``; says 254 until the answer is ready."""

    def __init__(self, time: Time) -> None:
        self._time = time
        self._ready = 0.0
        self._answer = EMPTY
        self._celsius = "25.0"
        self._points: list[str] = []

    def write(self, data: bytes, at: float) -> None:
        """An ASCII command."""
        command = data.decode("ascii", "replace").strip().lower()
        text = self._obey(command, at)
        self._answer = SYNTAX if text is None else OK + text.encode()
        self._ready = self._time.now() + (READING if command == "r" or command.startswith("cal,") else OTHERS)

    def read(self, size: int, at: float) -> bytes:
        """Status byte, text, zeros; an answer is given once."""
        if self._time.now() < self._ready:
            return PENDING.ljust(size, b"\0")
        answer, self._answer = self._answer, EMPTY
        return answer.ljust(size, b"\0")[:size]

    def _obey(self, command: str, at: float) -> str | None:
        word, _, argument = command.partition(",")
        match word, argument:
            case "r", "":
                return f"{wave(at, 6.8, 7.6, 900):.3f}"
            case "i", "":
                return "?i,pH,1.98"
            case "status", "":
                return "?Status,P,5.038"
            case "t", "?":
                return f"?T,{self._celsius}"
            case "t", _:
                return self._compensate(argument)
            case "cal", _:
                return self._calibrate(argument)
        return None

    def _compensate(self, celsius: str) -> str | None:
        try:
            self._celsius = str(float(celsius))
        except ValueError:
            return None
        return ""

    def _calibrate(self, argument: str) -> str | None:
        point = argument.partition(",")[0]
        if argument == "?":
            return f"?Cal,{len(self._points)}"
        if point not in (*POINTS, "clear"):
            return None
        if point in ("mid", "clear"):
            self._points.clear()
        if point != "clear" and point not in self._points:
            self._points.append(point)
        return ""


def simulator(time: Time, faults: Faults) -> SimI2C:
    """An EZO-pH with its probe in a river."""
    return SimI2C(time, faults, Circuit(time))
