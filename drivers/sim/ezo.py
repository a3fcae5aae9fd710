"""The circuit's side of the Atlas Scientific EZO family."""

from collections.abc import Callable, Mapping

from drivers.sim.buses import SimI2C
from drivers.sim.faults import Faults
from drivers.sim.time import Time

READING = 0.9  # seconds
OTHERS = 0.3
OK, SYNTAX, PENDING, EMPTY = b"\x01", b"\x02", b"\xfe", b"\xff"
POINTS = ("mid", "low", "high", "dry", "0")

World = Callable[[float], str]


class Circuit:
    """Understands ``R``, ``RT``, ``i``, ``Status``, ``Cal``, ``T``, ``S`` and ``O``; says 254 until it is ready.

    ``outputs`` gives by name what the probe sees; those in ``enabled`` are told.
    """

    def __init__(self, time: Time, kind: str, outputs: Mapping[str, World], enabled: set[str]) -> None:
        self._time, self._kind, self._outputs, self._enabled = time, kind, outputs, enabled
        self._ready = 0.0
        self._answer = EMPTY
        self._celsius = "25.0"
        self._points: list[str] = []

    def write(self, data: bytes, at: float) -> None:
        """An ASCII command; one that comes while another is under way is not heard."""
        if self._time.now() < self._ready:
            return
        command = data.decode("ascii", "replace").strip().lower()
        text = self._obey(command, at)
        self._answer = SYNTAX if text is None else OK + text.encode()
        long = command == "r" or command.startswith(("rt,", "cal,"))
        self._ready = self._time.now() + (READING if long else OTHERS)

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
                return self._reading(at)
            case "rt", _:
                return None if self._compensate(argument) is None else self._reading(at)
            case "i", "":
                return f"?i,{self._kind},1.98"
            case "status", "":
                return "?Status,P,5.038"
            case "t", "?":
                return f"?T,{self._celsius}"
            case "t", _:
                return self._compensate(argument)
            case "cal", _:
                return self._calibrate(argument)
            case "o", _:
                return self._enable(argument)
            case "s", "c":
                return ""
        return None

    def _reading(self, at: float) -> str:
        return ",".join(world(at) for name, world in self._outputs.items() if name in self._enabled)

    def _enable(self, argument: str) -> str | None:
        wanted, _, on = argument.partition(",")
        name = next((name for name in self._outputs if name.lower() == wanted), None)
        if name is None or on not in ("0", "1"):
            return None
        (self._enabled.add if on == "1" else self._enabled.discard)(name)
        return ""

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


def circuit(time: Time, faults: Faults, kind: str, **outputs: World) -> SimI2C:
    """A circuit of that ``kind`` with its first output enabled, as it leaves the factory."""
    return SimI2C(time, faults, Circuit(time, kind, outputs, set(list(outputs)[:1])))
