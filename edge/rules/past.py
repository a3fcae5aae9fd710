"""What rules leave behind for the next ones: how each alarm stands, and the windows of their statistics."""

import logging
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from edge.rules.rule import Standing, standing_of
from edge.rules.window import Window, window_of
from edge.state import State

log = logging.getLogger("edge.rules")


@dataclass(slots=True)
class Past:
    """By name of rule, and by name of window; windows are of the running boot, as nobody knows how long it was dark.

    Who changes or reads them while the sensors run holds the ``lock``.
    """

    standings: dict[str, Standing] = field(default_factory=dict)
    windows: dict[str, Window] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def save(self, state: State, boot: str) -> None:
        """Keeps all of it. Raises ``StorageError``."""
        with self.lock:
            standings = {name: standing.as_dict() for name, standing in self.standings.items()}
            windows = {name: window.as_list() for name, window in self.windows.items()}
        if standings or state.load("rules"):
            state.save("rules", {"standings": standings, "windows": windows, "boot": boot})


def recalled(state: State, boot: str) -> Past:
    """What ``save`` kept; what makes no sense is passed over: at worst an alarm is raised once more."""
    saved = state.load("rules")
    past = Past()
    for name, standing in _dict(saved.get("standings")).items():
        try:
            past.standings[name] = standing_of(standing)
        except (TypeError, KeyError, ValueError) as error:
            log.error("how the alarm of %s stood makes no sense and is passed over: %s", name, error)
    for name, window in _dict(saved.get("windows")).items() if saved.get("boot") == boot else ():
        try:
            past.windows[name] = window_of(window)
        except (TypeError, KeyError, ValueError) as error:
            log.error("the window of %s makes no sense and is begun anew: %s", name, error)
    return past


def _dict(saved: Any) -> dict[str, Any]:
    return saved if isinstance(saved, dict) else {}
