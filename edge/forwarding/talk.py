"""What a node and a destination say to each other beside readings: notices and events, receipts and commands."""

import json
import logging
from collections.abc import Callable
from contextlib import suppress

from edge.errors import Refused
from edge.events import Events
from edge.forwarding.flight import Flight
from edge.forwarding.publication import Publisher
from edge.forwarding.route import Route
from edge.notices.notices import Notices

log = logging.getLogger("edge.forwarder")


class Talk:
    """One destination's part of it."""

    def __init__(self, node: str, route: Route, publisher: Publisher, flight: Flight, events: Events) -> None:
        self._about, self._cursor, self._publisher, self._flight = {"node": node}, route.cursor, publisher, flight
        self._events, self._picker = events, route.picker
        self._amiss = 0  # a receipt that cannot be ours, once it has been told
        self.notices = Notices()
        self.obey: Callable[[bytes], bytes | None] = lambda command: None

    def restart(self) -> None:
        """The connection is new."""
        self._events.restart(self._cursor.name)
        self.notices.restart()

    def send_notices(self) -> None:
        """What is to be told about the node; a notice that is lost is followed by the next."""
        while self._flight.room(urgent=True) and (notice := self.notices.next()) is not None:
            with suppress(Refused):
                topic = self._publisher.topic(notice.channel)
                self._flight.send(topic, notice.payload, self._about, retain=notice.retain)

    def send_events(self) -> None:
        """What happened; each event goes once the one before has arrived."""
        while self._flight.room() and (event := self._events.next(self._cursor.name)) is not None:
            try:
                self._flight.send("event", json.dumps(event).encode(), self._about, event=event["id"])
            except Refused as why:
                log.error("%s will never take event %d (%s); it is dropped", self._cursor.name, event["id"], why)
                self.arrived(event["id"])

    def arrived(self, event: int) -> None:
        """The destination has an event."""
        self._events.delivered(self._cursor.name, event)

    def hear(self, channel: str, payload: bytes) -> None:
        """A receipt, or a command, which gets its reply."""
        if channel == "receipt":
            self._receipt(payload)
        elif (reply := self.obey(payload)) is not None:
            with suppress(Refused):
                self._flight.send("reply", reply, self._about)

    def _receipt(self, payload: bytes) -> None:
        """``{"upto": SEQ}``: the centre has stored all that was handed over, up to there."""
        try:
            upto = json.loads(payload)["upto"]
        except (ValueError, TypeError, KeyError, RecursionError):
            upto = None
        if not isinstance(upto, int) or isinstance(upto, bool):
            log.warning("%s sent a receipt that is none: %r", self._cursor.name, payload[:80])
        elif upto > (newest := self._picker.newest):
            self._doubt(upto, newest)
        else:
            self._cursor.stored(upto)

    def _doubt(self, upto: int, taken: int) -> None:
        """The centre has more than there is: it holds us for another, or our card was changed and we count anew."""
        if upto == self._amiss:
            return
        self._amiss = upto
        log.error(
            "%s sends receipts up to %d, and this node has taken %d only: another one had its id, or its card is new;"
            " they release nothing; to do: give the node a new id",
            *(self._cursor.name, upto, taken),
        )
        self._events.put("receipt", destination=self._cursor.name, upto=upto, taken=taken)
