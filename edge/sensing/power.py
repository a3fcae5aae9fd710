"""The last rung of recovery: takes a device's supply away for a moment, and does so less and less often."""

from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from drivers import BusError

PATIENCE = 120.0  # seconds of illness before the first time
OFF = 5.0  # seconds without supply: capacitors take their time
SELDOM = 6 * 3600.0  # seconds between two times at most


class Switch(Protocol):
    """What a supply hangs on."""

    def on(self) -> None:
        """Gives the supply. Raises ``BusError``."""

    def off(self) -> None:
        """Takes it away. Raises ``BusError``."""

    def close(self) -> None:
        """Gives the line back."""


class Power:
    """The supply of one device, by monotonic time."""

    def __init__(self, switch: Switch, now: Callable[[], float]) -> None:
        self._switch, self._now = switch, now
        self._dark_until: float | None = None
        self._next, self._wait = now(), PATIENCE
        self.cycles = 0

    def wanted(self, ill_for: float) -> bool:
        """Whether a device that has been ill for so long should lose its supply now."""
        return self._dark_until is None and ill_for >= PATIENCE and self._now() >= self._next

    def cut(self) -> float:
        """Takes the supply away; gives the moment at which ``restore`` is due."""
        self._switch.off()
        self.cycles += 1
        self._dark_until = self._now() + OFF
        self._wait = min(SELDOM, 2 * self._wait)
        self._next = self._dark_until + self._wait
        return self._dark_until

    def restore(self) -> None:
        """Gives the supply back, if it was taken."""
        if self._dark_until is not None:
            self._switch.on()
            self._dark_until = None

    def close(self) -> None:
        """Gives the line back, with the supply on."""
        with suppress(BusError):
            self.restore()
        self._switch.close()

    def well(self) -> None:
        """The device has recovered: patience begins anew."""
        self._wait = PATIENCE
