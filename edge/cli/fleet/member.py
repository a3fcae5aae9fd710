"""One simulated node: a real outbox and a real client session, with a sensor that is only a number."""

import json
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

from edge.budget import Budget
from edge.cli.fleet.link import Link
from edge.cli.fleet.plan import Plan
from edge.clock import Clock
from edge.events import Events
from edge.forwarding.forwarder import Forwarder
from edge.forwarding.route import Route
from edge.forwarding.schedule import Schedule
from edge.outbox.cursor import Cursor, Ledger
from edge.outbox.outbox import Outbox
from edge.outbox.picker import Picker
from edge.pace import FIRST, LONGEST, Backoff
from edge.payload import load
from edge.reading import Reading
from edge.settings import UplinkSettings
from edge.state import State

SEGMENT = 1 << 14  # bytes: a thousand outboxes must fit into a laptop
LIMIT = 1 << 22


class Member:
    """A node of the fleet."""

    def __init__(self, plan: Plan, number: int, folder: Path, cut: Event, on_connect: Callable[[], None]) -> None:
        self.name, self._clock = plan.name(number), Clock()
        folder.mkdir()
        self._outbox = Outbox(folder / "outbox", limit=LIMIT, segment=SEGMENT)
        settings = UplinkSettings("fleet", "mqtt", plan.host, plan.port, tls=False, compress="deflate", window=4)
        uplink = Link(settings, self.name, _status, self._clock, cut, on_connect)
        cursor = Cursor("fleet")
        picker = Picker(self._outbox, cursor, None)
        route = Route(settings, uplink, load("senml+json")(), cursor, picker, Budget(self._clock), Schedule(self.name))
        backoff = Backoff(self.name, plan.real(FIRST), plan.real(LONGEST))
        events = Events(self._clock, State(folder / "state.json"))
        self._forwarder = Forwarder(self.name, route, events, self._clock, backoff)

    def start(self) -> None:
        """Begins to connect."""
        self._forwarder.start()

    def measure(self) -> None:
        """Takes one reading."""
        now = self._clock.now()
        value = round(20 + now.ticks % 997 / 100, 2)
        self._outbox.put([Reading("air", "temperature", value, "Cel", now)])
        self._forwarder.wake()

    def report(self) -> dict[str, Any]:
        """The account of this node."""
        return {"node": self.name, "sent": self._forwarder.sent, **self._ledger.as_dict()}

    @property
    def waiting(self) -> int:
        """Readings that the broker has not acknowledged."""
        return self._ledger.waiting

    def stop(self) -> None:
        """Ends; the session is closed in good order."""
        self._forwarder.stop()
        self._forwarder.join()
        self._outbox.close()

    @property
    def _ledger(self) -> Ledger:
        return self._forwarder.cursor.ledger(self._outbox.last)


def _status(online: bool) -> bytes:
    return json.dumps({"status": "online" if online else "offline"}).encode()
