"""A local output that follows an alarm: a lamp, a siren, a barrier. Low is its safe state."""

import logging
from collections.abc import Callable
from typing import Protocol

from drivers import BusError

log = logging.getLogger("edge.rules")


class Switch(Protocol):
    """What drives the line."""

    def on(self) -> None:
        """Makes it high. Raises ``BusError``."""

    def off(self) -> None:
        """Makes it low. Raises ``BusError``."""

    def close(self) -> None:
        """Gives it back."""


class Output:
    """The line of one alarm; a line that fails is told once and tried again at the next change, and stops nothing."""

    def __init__(self, gpio: int, plug: Callable[[int], Switch]) -> None:
        """``plug`` opens the line, low; raises ``BusError``. Nothing is opened before the first ``set``."""
        self.gpio, self.on, self.trouble = gpio, False, ""
        self._plug = plug
        self._switch: Switch | None = None

    def set(self, on: bool) -> None:
        """High for on; never raises."""
        self.on = on
        try:
            if self._switch is None:
                self._switch = self._plug(self.gpio)
            if on:
                self._switch.on()
            else:
                self._switch.off()
        except BusError as error:
            self._note(str(error))
        else:
            self._note("")

    def close(self) -> None:
        """Low, and given back."""
        self.set(False)
        if self._switch is not None:
            self._switch.close()
            self._switch = None

    def _note(self, trouble: str) -> None:
        if trouble and not self.trouble:
            log.error("the output at GPIO %d does not work: %s; the alarm is sent all the same", self.gpio, trouble)
        self.trouble = trouble
