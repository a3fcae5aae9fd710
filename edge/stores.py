"""What outlives a configuration: the outbox, the account of each destination, and what else a node remembers."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from edge.budget import Budgets
from edge.calibration.logbook import Logbook
from edge.clock import Clock
from edge.errors import StorageError
from edge.events import Events
from edge.maintenance import Maintenance
from edge.outbox.cursor import Cursor
from edge.outbox.outbox import Outbox
from edge.payload import Channels
from edge.rules import Past, recalled
from edge.state import State
from edge.uplink.places import Places

log = logging.getLogger("edge.stores")


@dataclass(frozen=True, slots=True)
class Stores:
    """Everything that a pipeline finds when it is built, and leaves for the next one."""

    outbox: Outbox
    cursors: dict[str, Cursor]
    memories: dict[str, dict[str, float]]  # of the drivers, by sensor
    events: Events
    clock: Clock
    channels: Channels
    past: Past  # of the rules
    maintenance: Maintenance
    logbook: Logbook
    budgets: Budgets
    places: Places

    def lose(self, destination: str, first: int, last: int, reason: str) -> None:
        """A destination will not get these seqs: they leave its account, and it is told which, and why."""
        lost = self.cursors[destination].evict(first, last)
        if lost:
            self.events.put("gap", destination=destination, first=first, last=last, count=lost, reason=reason)

    def save(self, state: State, destinations: Iterable[str]) -> None:
        """Keeps all that is not in the outbox. Raises ``StorageError``."""
        state.save("cursors", {name: cursor.as_dict() for name, cursor in self.cursors.items()})
        self.save_memories(state)
        self.past.save(state, self.clock.boot)
        self.maintenance.save()
        self.logbook.save()
        self.budgets.save()
        self.places.save(state)
        self.events.save(list(destinations))

    def save_memories(self, state: State) -> None:
        """Keeps totals and running hours. Raises ``StorageError``."""
        state.save("memory", {name: dict(memory) for name, memory in self.memories.items() if memory})

    def delivered(self) -> int:
        """How many readings have arrived, over all destinations."""
        return sum(cursor.delivered for cursor in self.cursors.values())


def opened(folder: Path, state: State, clock: Clock, limit: int | None) -> Stores:
    """The outbox in the ``folder``, with its ``limit`` in bytes or the default, and what the ``state`` knows."""
    cursors = _cursors(state)
    known = max((cursor.highest for cursor in cursors.values()), default=0)
    outbox = Outbox(folder / "outbox", limit=limit, known=known)
    events = Events(clock, state)
    channels = Channels(state.load("channels"), lambda numbers: _number(state, numbers))
    past = recalled(state, clock.boot)
    maintenance = Maintenance(state, clock.now, events.put)
    memories, logbook = state.load("memory"), Logbook(state, clock, events.put)
    budgets, places = Budgets(clock, state), Places(state.load("places"))
    return Stores(outbox, cursors, memories, events, clock, channels, past, maintenance, logbook, budgets, places)


def _cursors(state: State) -> dict[str, Cursor]:
    """The accounts that were saved; one that makes no sense is passed over: at worst readings go twice."""
    cursors = {}
    for name, saved in state.load("cursors").items():
        try:
            cursors[name] = Cursor(name, saved)
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            log.error("cursors of %s in the state makes no sense and is passed over: %s", name, error)
    return cursors


def _number(state: State, numbers: dict[str, int]) -> None:
    """Keeps the number of a new channel before a message uses it."""
    try:
        state.save("channels", numbers)
    except StorageError as error:
        log.error("the number of a channel could not be saved yet: %s", error)
