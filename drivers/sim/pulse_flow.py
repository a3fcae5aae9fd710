"""A flow meter with a pulse output, on a GPIO line of gpiozero's mock chip."""

import errno
import math
import threading
from typing import Any, Protocol

from drivers.errors import BusError
from drivers.ports import PulsePin
from drivers.sim.buses import wave
from drivers.sim.faults import Faults
from drivers.sim.time import RealTime, Time

GPIO = 17
NOISE = 50  # times as many edges while the line is disturbed
IDLE = 0.1  # seconds between two looks at a line without flow
CHATTER = 0.0005  # seconds, the shortest level the mock line is driven with


class Source(Protocol):
    """What counts the pulses."""

    def take(self) -> tuple[int, float]:
        """As ``drivers.bus.Pulses``."""

    def close(self) -> None:
        """Ends it."""


class Water:
    """Pulses per second at this moment: a flow that swings between a fifth and all of ``rate``."""

    def __init__(self, faults: Faults, rate: float) -> None:
        self._faults, self._rate = faults, rate

    def rate(self) -> float:
        """None while the line is silent, far too many while it is disturbed."""
        fault = self._faults.now()
        if fault in ("silent", "unplug"):
            return 0.0
        return wave(self._faults.scene(), self._rate / 5, self._rate, 300) * (NOISE if fault == "garbage" else 1)


class Counted:
    """The pulses of virtual time, by arithmetic."""

    def __init__(self, time: Time, water: Water) -> None:
        self._time, self._water = time, water
        self._at = time.now()
        self._part = 0.0

    def take(self) -> tuple[int, float]:
        """What the present rate gives in the time since the last call; parts of a pulse are kept."""
        now = self._time.now()
        passed, self._at = now - self._at, now
        self._part, whole = math.modf(self._part + passed * self._water.rate())
        return int(whole), passed

    def close(self) -> None:
        """Nothing runs."""


class Driven:
    """The pulses of real time: a thread moves a mock pin, the real port counts its edges."""

    def __init__(self, water: Water) -> None:
        factory = _factory()
        self._water = water
        self._port = PulsePin(GPIO, factory=factory)
        self._line: Any = factory.pin(GPIO)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._flow, name="sim pulse_flow", daemon=True)
        self._thread.start()

    def take(self) -> tuple[int, float]:
        """As the port has it."""
        return self._port.take()

    def close(self) -> None:
        """Stops the water before the pin is given back."""
        self._end.set()
        self._thread.join()
        self._port.close()

    def _flow(self) -> None:
        half = 0.0
        while not self._end.wait(half or IDLE):
            rate = self._water.rate()
            half = max(0.5 / rate, CHATTER) if rate else 0.0
            if rate:
                self._line.drive_low()
                self._end.wait(half)
                self._line.drive_high()


class SimPulses:
    """The line as a bus."""

    def __init__(self, time: Time, faults: Faults, source: Source) -> None:
        self._time, self._faults, self._source = time, faults, source

    def take(self) -> tuple[int, float]:
        """As on a real line; errno 19 while the meter is unplugged."""
        if self._faults.now() == "unplug":
            raise BusError("sim: no such device (unplugged)") from OSError(errno.ENODEV, "unplugged")
        return self._source.take()

    def wait(self, seconds: float) -> None:
        """Lets time pass."""
        self._time.wait(seconds)

    def close(self) -> None:
        """Stops what moves the line."""
        self._source.close()


def _factory() -> Any:
    try:
        from gpiozero.pins.mock import MockFactory
    except ImportError as error:
        raise BusError(f"a simulated GPIO line needs {error.name}: pip install edge-gateway[demo]") from error
    return MockFactory()


def simulator(time: Time, faults: Faults, rate: str = "20") -> SimPulses:
    """A meter that gives at most ``rate`` pulses a second."""
    water = Water(faults, float(rate))
    return SimPulses(time, faults, Driven(water) if isinstance(time, RealTime) else Counted(time, water))
