"""Which sensors a technician works at: what they give meanwhile is flagged, and rules take no notice of it.

It ends by itself, in boot ticks: a switch that somebody forgot would be an alarm that never comes.
"""

import logging
from collections.abc import Callable
from threading import Lock
from typing import Any

from edge.clock import Stamp
from edge.errors import StorageError
from edge.state import State

log = logging.getLogger("edge.maintenance")

LONGEST = 7 * 86400.0  # seconds at most, as an instrument may have to go to a laboratory


class Maintenance:
    """The switch of each sensor; safe from any thread, and kept over restarts."""

    def __init__(self, state: State, now: Callable[[], Stamp], tell: Callable[..., None]) -> None:
        """``now`` is this moment; ``tell`` takes an event. After a reboot the rest counts on from the new start."""
        self._state, self._now, self._tell, self._lock = state, now, tell, Lock()
        self._until: dict[str, int] = {}  # ticks
        for sensor, saved in state.load("maintenance").items():
            self._take_up(sensor, saved)

    def begin(self, sensor: str, seconds: float) -> None:
        """From now on, for so long. Raises ``ValueError`` for a time that is none."""
        if not 0 < seconds <= LONGEST:
            raise ValueError(f"maintenance lasts more than 0 s and at most {LONGEST / 86400:g} days, not {seconds:g} s")
        with self._lock:
            self._until[sensor] = self._now().ticks + int(seconds * 1e9)
        self._note(sensor, "on", seconds=seconds)

    def end(self, sensor: str) -> None:
        """No longer. Raises ``ValueError`` where there is none."""
        with self._lock:
            if self._until.pop(sensor, None) is None:
                raise ValueError(f"{sensor} is not under maintenance")
        self._note(sensor, "off", why="asked")

    def under(self, sensor: str) -> bool:
        """Whether somebody works at it."""
        return sensor in self._until and self.left(sensor) is not None

    def left(self, sensor: str) -> float | None:
        """Seconds until it ends; None without."""
        until = self._until.get(sensor)
        left = 0 if until is None else until - self._now().ticks
        return left / 1e9 if left > 0 else None

    def tick(self) -> None:
        """Tells of what is over. Once a second is enough."""
        for sensor in [sensor for sensor in dict(self._until) if not self.under(sensor)]:
            with self._lock:
                self._until.pop(sensor, None)
            self._note(sensor, "off", why="time is up")

    def save(self) -> None:
        """Keeps what is on, with the time that is left. Raises ``StorageError``."""
        now = self._now()
        with self._lock:
            on = {sensor: self._kept(until, now) for sensor, until in self._until.items()}
        ended = dict.fromkeys(self._state.load("maintenance").keys() - on.keys())
        if on or ended:
            self._state.save("maintenance", {**ended, **on})

    def _kept(self, until: int, now: Stamp) -> dict[str, Any]:
        return {"boot": now.boot, "until": until, "left": until - now.ticks}

    def _take_up(self, sensor: str, saved: dict[str, Any] | None) -> None:
        if saved is None:
            return
        now = self._now()
        try:
            here = saved["boot"] == now.boot
            self._until[sensor] = int(saved["until"]) if here else now.ticks + int(saved["left"])
        except (TypeError, KeyError, ValueError) as error:
            log.error("the maintenance of %s in the state makes no sense and is over: %s", sensor, error)

    def _note(self, sensor: str, state: str, **more: Any) -> None:
        log.warning("maintenance of %s is %s", sensor, state)
        self._tell("maintenance", sensor=sensor, state=state, **more)
        try:
            self.save()
        except StorageError as error:
            log.error("the maintenance of %s could not be saved yet: %s", sensor, error)
