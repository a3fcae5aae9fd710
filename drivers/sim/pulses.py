"""Devices that give pulses: in real time on a GPIO line of gpiozero's mock chip, in virtual time by arithmetic."""

import errno
import math
import threading
from typing import Any, Protocol

from drivers.errors import BusError
from drivers.gpio import PulsePin
from drivers.sim.buses import wave
from drivers.sim.faults import Faults
from drivers.sim.time import RealTime, Time

GPIO = 17
NOISE = 50  # times as many edges while the line is disturbed
IDLE = 0.1  # seconds between two looks at a line without pulses
CHATTER = 0.0005  # seconds, the shortest level the mock line is driven with


class Source(Protocol):
    """What counts the pulses."""

    @property
    def lost(self) -> int:
        """As ``drivers.bus.Pulses``."""

    def take(self) -> tuple[int, float]:
        """As ``drivers.bus.Pulses``."""

    def close(self) -> None:
        """Ends it."""


class World:
    """Pulses per second at this moment: a rate that swings between a fifth and all of ``most``."""

    def __init__(self, faults: Faults, most: float) -> None:
        self._faults, self._most = faults, most

    def rate(self) -> float:
        """None while the line is silent, far too many while it is disturbed."""
        fault = self._faults.now()
        if fault in ("silent", "unplug"):
            return 0.0
        return wave(self._faults.scene(), self._most / 5, self._most, 300) * (NOISE if fault == "garbage" else 1)


class Counted:
    """The pulses of virtual time, by arithmetic, of which none is lost."""

    lost = 0

    def __init__(self, time: Time, world: World) -> None:
        self._time, self._world = time, world
        self._at = time.now()
        self._part = 0.0

    def take(self) -> tuple[int, float]:
        """What the present rate gives in the time since the last call; parts of a pulse are kept."""
        now = self._time.now()
        passed, self._at = now - self._at, now
        self._part, whole = math.modf(self._part + passed * self._world.rate())
        return int(whole), passed

    def close(self) -> None:
        """Nothing runs."""


class Driven:
    """The pulses of real time: a thread moves a mock pin, the real port counts its edges."""

    def __init__(self, name: str, world: World) -> None:
        factory = _factory()
        self._world = world
        self._port = PulsePin(GPIO, factory=factory)
        self._line: Any = factory.pin(GPIO)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._turn, name=f"sim {name}", daemon=True)
        self._thread.start()

    @property
    def lost(self) -> int:
        """As the port has it."""
        return self._port.lost

    def take(self) -> tuple[int, float]:
        """As the port has it."""
        return self._port.take()

    def close(self) -> None:
        """Stops the world before the pin is given back."""
        self._end.set()
        self._thread.join()
        self._port.close()

    def _turn(self) -> None:
        half = 0.0
        while not self._end.wait(half or IDLE):
            rate = self._world.rate()
            half = max(0.5 / rate, CHATTER) if rate else 0.0
            if rate:
                self._line.drive_low()
                self._end.wait(half)
                self._line.drive_high()


class SimPulses:
    """The line as a bus."""

    def __init__(self, time: Time, faults: Faults, source: Source) -> None:
        self._time, self._faults, self._source = time, faults, source
        self.lost = 0

    def take(self) -> tuple[int, float]:
        """As on a real line; errno 19 while the device is unplugged."""
        if self._faults.now() == "unplug":
            raise BusError("sim: no such device (unplugged)") from OSError(errno.ENODEV, "unplugged")
        taken = self._source.take()
        self.lost = self._source.lost
        return taken

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


def pulses(name: str, time: Time, faults: Faults, most: float) -> SimPulses:
    """A device that gives at most ``most`` pulses a second."""
    world = World(faults, most)
    return SimPulses(time, faults, Driven(name, world) if isinstance(time, RealTime) else Counted(time, world))
