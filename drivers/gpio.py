"""Real GPIO lines: gpiod of the second generation where it is installed, gpiozero otherwise; imported when opened."""

import threading
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from drivers.errors import BusError
from drivers.ports import Port, translated
from drivers.pulses import Debounce

Clock = Callable[[], float]

WAKE = 0.25  # seconds in which a listening thread notices that it shall end
QUEUE = 1024  # edges that the kernel keeps for us, which is the most it can
NUMBERS = 1 << 32  # the kernel numbers the edges of a line in so many steps


class _Pin(Port):
    """A line that is pulled up and active while low; its pulses are counted by ``drivers.pulses``."""

    def __init__(self, name: str, pulses: Debounce, clock: Clock) -> None:
        self.lost = 0
        self._name, self._pulses, self._clock = name, pulses, clock
        self._missed = self._taken = self._told = 0
        self._at = clock()

    def take(self) -> tuple[int, float]:
        """The pulses since the last call and the seconds since then, as the monotonic clock has them."""
        now, count, missed = self._clock(), self._pulses.count, self._missed
        got = count - self._taken, now - self._at
        self.lost = missed - self._told
        self._taken, self._at, self._told = count, now, missed
        return got


class PulsePin(_Pin):
    """A line of gpiozero, which cannot tell lost pulses; ``factory`` is lgpio's unless a simulator gives its own.

    The pin factory is named, because gpiozero otherwise falls back from one to the next without a word.
    """

    def __init__(self, gpio: int, *, debounce: float = 0.0, factory: Any = None, clock: Clock = time.monotonic) -> None:
        """``gpio`` in BCM numbering; ``debounce`` in seconds."""
        with translated(f"GPIO {gpio}"):
            self._pin: Any = _input(gpio, factory or _lgpio())
            super().__init__(f"GPIO {gpio}", Debounce(debounce, active=self._pin.is_active), clock)
            self._pin.pin.edges = "both"
            self._pin.pin.when_changed = self._changed

    def _changed(self, ticks: float, level: int) -> None:
        """Both edges, with the kernel's time of each in seconds."""
        self._pulses.edge(ticks, not level)

    def level(self) -> bool:
        """Whether the line is active and settled; makes up for an edge that was missed."""
        with translated(self._name):
            now = self._pin.pin.factory.ticks()
            self._pulses.edge(now, self._pin.is_active)
            return self._pulses.level(now)

    def close(self) -> None:
        """Gives the pin back."""
        if not self._pin.closed:
            self._pin.pin.when_changed = None
            self._pin.close()


class EventPin(_Pin):
    """A line of gpiod: a thread takes the edges out of the kernel's queue, which numbers them, so gaps are seen."""

    def __init__(self, gpio: int, library: Any, *, debounce: float = 0.0, clock: Clock = time.monotonic) -> None:
        """``gpio`` in BCM numbering; ``library`` is the module gpiod; ``debounce`` in seconds."""
        self._gpio, self._active = gpio, library.line.Value.ACTIVE
        self._rising = library.EdgeEvent.Type.RISING_EDGE
        self._seen = 0
        self._broken: Exception | None = None
        self._end, self._lock = threading.Event(), threading.Lock()
        with translated(f"GPIO {gpio}"):
            self._request: Any = _requested(gpio, library)
            active = self._request.get_value(gpio) is self._active
        super().__init__(f"GPIO {gpio}", Debounce(debounce, active=active), clock)
        self._thread = threading.Thread(target=self._listen, name=f"gpio {gpio}", daemon=True)
        self._thread.start()

    def take(self) -> tuple[int, float]:
        """As any line; raises ``BusError`` when the kernel gives no more edges."""
        with translated(self._name), self._lock:
            if self._broken is not None:
                raise BusError(f"{self._name}: {self._broken}") from self._broken
            return super().take()

    def level(self) -> bool:
        """Whether the line is active and settled; makes up for an edge that was missed."""
        with translated(self._name), self._lock:
            now = self._clock()
            self._pulses.edge(now, self._request.get_value(self._gpio) is self._active)
            return self._pulses.level(now)

    def close(self) -> None:
        """Ends the thread, then gives the line back."""
        self._end.set()
        self._thread.join()
        self._request.release()

    def _listen(self) -> None:
        try:
            while not self._end.is_set():
                if self._request.wait_edge_events(WAKE):
                    for event in self._request.read_edge_events():
                        self._edge(event)
        except Exception as error:
            self._broken = error

    def _edge(self, event: Any) -> None:
        """An edge with its number and the kernel's monotonic time; of lost edges every other began a pulse."""
        with self._lock:
            gap = (event.line_seqno - self._seen - 1) % NUMBERS
            self._seen = event.line_seqno
            self._missed += (gap + 1) // 2
            self._pulses.edge(event.timestamp_ns / 1e9, event.event_type is self._rising)


class Switch(Port):
    """A line of gpiozero that switches something, such as the supply of a device; high is on."""

    def __init__(self, gpio: int, *, on: bool, factory: Any = None) -> None:
        """``gpio`` in BCM numbering, ``on`` how it begins; raises ``BusError``."""
        self._name = f"GPIO {gpio}"
        with translated(self._name):
            from gpiozero import DigitalOutputDevice

            self._line: Any = DigitalOutputDevice(gpio, initial_value=on, pin_factory=factory or _lgpio())

    def on(self) -> None:
        """Makes the line high."""
        with translated(self._name):
            self._line.on()

    def off(self) -> None:
        """Makes the line low."""
        with translated(self._name):
            self._line.off()

    def close(self) -> None:
        """Gives the line back; what hangs on it follows its pull resistor."""
        self._line.close()


class LineSwitch(Port):
    """The same by gpiod."""

    def __init__(self, gpio: int, library: Any, *, on: bool) -> None:
        """``gpio`` in BCM numbering, ``library`` is the module gpiod, ``on`` how it begins; raises ``BusError``."""
        self._gpio, self._name, line = gpio, f"GPIO {gpio}", library.line
        self._high, self._low = line.Value.ACTIVE, line.Value.INACTIVE
        with translated(self._name):
            begin = self._high if on else self._low
            settings = library.LineSettings(direction=line.Direction.OUTPUT, output_value=begin)
            self._request: Any = library.request_lines(_chip(library), {gpio: settings}, consumer="edge")

    def on(self) -> None:
        """Makes the line high."""
        with translated(self._name):
            self._request.set_value(self._gpio, self._high)

    def off(self) -> None:
        """Makes the line low."""
        with translated(self._name):
            self._request.set_value(self._gpio, self._low)

    def close(self) -> None:
        """Gives the line back; what hangs on it follows its pull resistor."""
        self._request.release()


def switch(gpio: int, *, on: bool) -> Switch | LineSwitch:
    """What switches something at a line, and is ``on`` or off at first; raises ``BusError``."""
    library = gpiod()
    return Switch(gpio, on=on) if library is None else LineSwitch(gpio, library, on=on)


def pin(gpio: int, *, debounce: float = 0.0) -> PulsePin | EventPin:
    """The open line; raises ``BusError``."""
    library = gpiod()
    return PulsePin(gpio, debounce=debounce) if library is None else EventPin(gpio, library, debounce=debounce)


@cache
def gpiod() -> Any:
    """The module gpiod, None where it is missing or of the first generation, which is another library."""
    try:
        import gpiod
    except ImportError:
        return None
    return gpiod if hasattr(gpiod, "request_lines") else None


def _requested(gpio: int, library: Any) -> Any:
    """The line with both edges, numbered as on the header: line N of the chip of the processor is GPIO N."""
    line = library.line
    settings = library.LineSettings(
        direction=line.Direction.INPUT, edge_detection=line.Edge.BOTH, bias=line.Bias.PULL_UP, active_low=True
    )
    return library.request_lines(_chip(library), {gpio: settings}, consumer="edge", event_buffer_size=QUEUE)


def _chip(library: Any) -> str:
    """The header's chip: which number it has depends on the board and its kernel, its label begins alike on all."""
    paths = sorted(map(str, Path("/dev").glob("gpiochip*")))
    for path in paths:
        with library.Chip(path) as chip:
            if chip.get_info().label.startswith("pinctrl-"):
                return path
    return paths[0] if paths else "/dev/gpiochip0"


@cache
def _lgpio() -> Any:
    """One for the process: closing one closes the pins of all, and each holds the chip open."""
    from gpiozero.pins.lgpio import LGPIOFactory

    return LGPIOFactory()


def _input(gpio: int, factory: Any) -> Any:
    from gpiozero import InputDevice

    return InputDevice(gpio, pull_up=True, pin_factory=factory)
