"""What happened to the node, kept until every destination knows: gaps, anchors, restarts, refusals."""

from collections import Counter
from threading import Lock
from typing import Any

from edge.clock import Clock, Stamp
from edge.state import State

MOST = 500  # events kept


class Events:
    """A short durable list; each destination gets its events in order, one at a time. Safe from any thread."""

    def __init__(self, clock: Clock, state: State) -> None:
        self._clock, self._state, self._lock = clock, state, Lock()
        saved = state.load("events")
        self._events: list[dict[str, Any]] = saved.get("waiting", [])
        self._done: dict[str, int] = saved.get("done", {})
        self._last: int = saved.get("last", 0)
        self._flying: set[str] = set()
        self.unsaved = False  # something happened that a power cut must not hide

    def put(self, kind: str, /, **fields: Any) -> None:
        """Notes that something happened now."""
        now = self._clock.now()
        with self._lock:
            self._last += 1
            self._events.append({"id": self._last, "event": kind, "boot": now.boot, "ticks": now.ticks, **fields})
            if len(self._events) > MOST:
                self._events.remove(self._dispensable())

    def _dispensable(self) -> dict[str, Any]:
        """The oldest event of the kind that there is most of: a flood of one kind costs no other."""
        ((kind, _),) = Counter(event["event"] for event in self._events).most_common(1)
        return next(event for event in self._events if event["event"] == kind)

    def next(self, destination: str) -> dict[str, Any] | None:
        """The oldest event the destination lacks, dated as well as possible now; None while one is under way.

        ``via`` names the destination: what is told about another one is not about its readings.
        """
        with self._lock:
            if destination in self._flying:
                return None
            done = self._done.get(destination, 0)
            event = next((event for event in self._events if event["id"] > done), None)
            if event is None:
                return None
            self._flying.add(destination)
            utc = self._clock.utc(Stamp(event["boot"], event["ticks"]))
            return event | {"t": None if utc is None else round(utc / 1e9, 3), "via": destination}

    def waiting(self) -> list[dict[str, Any]]:
        """All that some destination lacks, the oldest first."""
        with self._lock:
            return list(self._events)

    def delivered(self, destination: str, number: int) -> None:
        """The destination has this event."""
        with self._lock:
            self._flying.discard(destination)
            self._done[destination] = max(number, self._done.get(destination, 0))

    def restart(self, destination: str) -> None:
        """The connection is new: what was under way goes again."""
        with self._lock:
            self._flying.discard(destination)

    def save(self, destinations: list[str]) -> None:
        """Keeps what some of these destinations still lack. Raises ``StorageError``."""
        with self._lock:
            lowest = min((self._done.get(name, 0) for name in destinations), default=0)
            self._events = [event for event in self._events if event["id"] > lowest]
            values = {"waiting": list(self._events), "done": dict(self._done), "last": self._last}
        self._state.save("events", values)
