"""What a destination is told about the node itself, beside readings and events.

Notices need no account: one that is lost is followed by the next, and a new connection begins anew.
"""

import json
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from edge.reading import Batch

HEALTH = 60.0  # seconds between two messages about the node


class Notice(NamedTuple):
    """A message about the node; ``channel`` may be a whole topic. ``retain``: whoever comes later still gets it."""

    channel: str
    payload: bytes
    retain: bool = False


class Source(Protocol):
    """Something that has notices for one destination."""

    def restart(self) -> None:
        """The connection is new: whoever is there has heard nothing."""

    def sent(self, batch: Batch) -> None:
        """These readings are on their way."""

    def next(self) -> Notice | None:
        """What is to be told now, if anything."""


class Notices:
    """The sources of one destination, the first one first."""

    def __init__(self, sources: Sequence[Source] = ()) -> None:
        self._sources = sources

    def restart(self) -> None:
        """The connection is new."""
        for source in self._sources:
            source.restart()

    def sent(self, batch: Batch) -> None:
        """These readings are on their way."""
        for source in self._sources:
            source.sent(batch)

    def next(self) -> Notice | None:
        """What is to be told now, if anything."""
        return next((notice for source in self._sources if (notice := source.next()) is not None), None)


class HealthNotice:
    """How the node is, once a minute."""

    def __init__(self, health: Callable[[], dict[str, Any]], now: Callable[[], float] = time.monotonic) -> None:
        self._health, self._now = health, now
        self._due = 0.0

    def restart(self) -> None:
        """Keeps its minute: a link that flaps must not make it talk more."""

    def sent(self, batch: Batch) -> None:
        """Does not matter."""

    def next(self) -> Notice | None:
        """The health, when it is due."""
        if self._now() < self._due:
            return None
        self._due = self._now() + HEALTH
        return Notice("health", json.dumps(self._health()).encode())
