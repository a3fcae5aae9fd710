"""Takes readings from the outbox to one destination and keeps account of what arrived.

One thread a destination. A window of batches is under way at a time; what the connection took with it is sent
again from disk, so nothing is lost and a repeat has the same seq.
"""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import chain
from threading import Event, Thread

from edge.budget import BACKLOG, ROUTINE
from edge.clock import Clock
from edge.errors import Refused, UplinkDown
from edge.events import Events
from edge.forwarding.custody import Custody
from edge.forwarding.flight import Flight
from edge.forwarding.linkspeed import LinkSpeed
from edge.forwarding.publication import Publisher
from edge.forwarding.route import Route
from edge.forwarding.talk import Talk
from edge.pace import Backoff
from edge.reading import Batch, Reading
from edge.uplink import Ack

log = logging.getLogger("edge.forwarder")

IDLE = 1.0  # seconds a poll lasts when there is nothing to send
STABLE = 30.0  # seconds of connection after which the next failure is a new story
LOW = {None: "enough again", BACKLOG: "low: the backlog waits", ROUTINE: "used up: all but alarms wait"}
FAREWELL = 4.0  # seconds the end may take: a broker that does not answer must not hold up a stop


class Forwarder:
    """One destination and the thread that feeds it."""

    def __init__(self, node: str, route: Route, events: Events, clock: Clock, backoff: Backoff | None = None) -> None:
        self.name, self.settings = route.settings.name, route.settings
        self.cursor, self.budget, self.schedule = route.cursor, route.budget, route.schedule
        self.state = "connecting"  # connecting, connected, resting or down
        self.down: UplinkDown | None = None  # why it is
        self.trouble: str | None = None  # why readings do not go although it is up
        self.since = time.monotonic()  # of the state
        self.sent = 0  # readings handed to the connection, repeats included
        self.beat: Callable[[], None] = lambda: None
        self._node, self._route, self._uplink, self._unstored = node, route, route.uplink, route.unstored
        self._events = events
        self._holdups: dict[str, str] = {}  # the same of alarms and readings apart
        self.publisher = Publisher(node, route.settings, route.payload, clock)
        self._flight = Flight(route.uplink, LinkSpeed())
        self._custody = Custody(f"{node} {self.name}", route.cursor, route.settings.receipt_within)
        self.talk = Talk(node, route, self.publisher, self._flight, events)
        self._backoff = backoff or Backoff(f"{node} {self.name}")
        self._stopping, self._woken = Event(), Event()
        self._thread = Thread(target=self._run, name=f"uplink {self.name}", daemon=True)

    def start(self) -> None:
        """Begins to connect and send."""
        self._thread.start()

    def wake(self) -> None:
        """There is something new to send."""
        self._woken.set()
        self._uplink.wake()

    def copy(self, readings: Sequence[Reading], *, alarm: bool) -> None:
        """Sends readings that the card does not take now: once, without a seq, and the account does not change."""
        soon = alarm or self._unstored.pause is None
        self._unstored.add(readings, alarm=alarm)
        if soon:
            self.wake()

    def stored(self) -> None:
        """The card takes readings again: copies that have not gone yet need not."""
        self._unstored.clear()

    def stop(self) -> None:
        """Says good-bye and ends; what was not acknowledged waits on disk."""
        self._stopping.set()
        self.wake()

    def replay(self, first: int, last: int) -> None:
        """Sends these readings once more, marked as replay; the account does not change."""
        self._route.picker.replay(first, last)
        self.wake()

    def whereabouts(self, seq: int, reading: Reading) -> str:
        """What became of a reading on its way there: a key of ``WHEREABOUTS`` of the route. From any thread."""
        if not self._route.picker.wants(reading):
            return "not wanted"
        if not self.cursor.waits(seq, seq):
            return "acknowledged" if not self.cursor.evicted + self.cursor.refused else "settled"
        if self.cursor.handed(seq):
            return "handed over"
        return "under way" if self._flight.carries(seq) else "waiting"

    def join(self) -> None:
        """Waits for the end."""
        self._thread.join(timeout=FAREWELL)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._session()
                self._pause()
            except UplinkDown as error:
                self._spend()
                self._note("down", error)
                self._rest(self._backoff.next(error.pause))
            except Exception:  # a fault of ours must not end the thread: the readings have no other way
                log.exception("uplink %s failed in the gateway itself; it connects anew", self.name)
                self._rest(self._backoff.next())
        self._uplink.close()

    def _rest(self, seconds: float) -> None:
        """Waits, and shows that it is alive meanwhile."""
        end = time.monotonic() + seconds
        while not self._stopping.is_set() and (left := end - time.monotonic()) > 0:
            self.beat()
            self._stopping.wait(min(left, 5.0))

    def _session(self) -> None:
        self._uplink.connect()
        for run in self._flight.restart():
            self._route.picker.replay(*run)
        self._route.picker.restart()
        self._custody.restart()
        self.talk.restart()
        self.schedule.begin()
        self._note("connected")
        while not self._stopping.is_set() and not self._over():
            self.beat()
            self._fill()
            for ack in self._uplink.poll(self._patience()):
                self._settle(ack)
                self._worked()
            for channel, payload in self._uplink.inbox():
                self.talk.hear(channel, payload)
            self._spend()

    def _over(self) -> bool:
        """Whether the schedule ends the connection now; an alarm that has not arrived keeps it."""
        idle = self.budget.holds is not None or not self._route.picker.behind
        return self.schedule.over(idle=idle) and not self._alarmed()

    def _pause(self) -> None:
        """Disconnects until the schedule or an alarm asks for the next connection."""
        if self._stopping.is_set():
            return
        self._uplink.close()
        self._spend()
        self._note("resting")
        while not self._stopping.is_set() and (left := self.schedule.left()) > 0 and not self._alarmed():
            self.beat()
            self._woken.wait(min(left, 5.0))
            self._woken.clear()

    def _alarmed(self) -> bool:
        with suppress(OSError):  # a card that does not answer: what it holds waits for the next connection
            return self._unstored.alarmed or self._route.picker.alarmed
        return False

    def _spend(self) -> None:
        """Takes what the network carried from the budget; tells when that changes what has to wait."""
        before = self.budget.holds
        self.budget.spend(self._uplink.traffic())
        if (holds := self.budget.holds) != before:
            log.warning("the data budget of %s is %s", self.name, LOW[holds])
            self._events.put("budget", destination=self.name, **self.budget.status())

    def _worked(self) -> None:
        if time.monotonic() - self.since > STABLE:
            self._backoff.reset()
        else:
            self._backoff.ease()

    def _patience(self) -> float:
        return min(pause for pause in (IDLE, self._route.picker.pause, self._unstored.pause) if pause)

    def _fill(self) -> None:
        """Sends as much as the window, the link and the budget take."""
        ready, holds = self._ready(), self.budget.holds
        if holds != ROUTINE:
            self.talk.send_notices()
        if ready:
            self._send_copies(routine=holds != ROUTINE)
            while self._flight.room(urgent=True) and (alarm := self._picked("alarms", self._route.picker.alarm)):
                self._send(alarm)
        self.talk.send_events()
        if holds is None:
            self._recall()
        pick = self._route.picker.live if holds == BACKLOG else self._route.picker.next
        while ready and holds != ROUTINE and self._flight.room() and (batch := self._picked("readings", pick)):
            self._send(batch)

    def _recall(self) -> None:
        """What the broker has acknowledged and lost goes again, as a replay."""
        if not self._route.picker.asked and (run := self._custody.due()) is not None:
            self._route.picker.replay(*run)

    def _ready(self) -> bool:
        """Whether readings can go at all."""
        waits = self.publisher.waits
        if waits is not None and "date" not in self._holdups:
            log.warning("readings for %s wait on disk: %s", self.name, waits)
        self._hold("date", waits)
        return waits is None

    def _hold(self, what: str, why: str | None) -> None:
        if why is None:
            self._holdups.pop(what, None)
        else:
            self._holdups[what] = why
        self.trouble = next(iter(self._holdups.values()), None)

    def _picked(self, what: str, pick: Callable[[str, int], Batch | None]) -> Batch | None:
        """What waits on the card. One that cannot be read is no fault of the link, which goes on with the rest."""
        batch = why = None
        try:
            batch = pick(self._node, self._flight.readings(self.settings.batch))
        except OSError as error:
            why = f"{what} cannot be read from the card: {error}"
            if what not in self._holdups:
                log.error("the %s for %s cannot be read from the card: %s. Tries go on", what, self.name, error)
        self._hold(what, why)
        return batch

    def _send_copies(self, *, routine: bool) -> None:
        """What the card does not take, alarms first; what is refused or lost on the way comes again from the card."""
        for alarm in (True, False) if routine else (True,):
            while self._flight.room(urgent=alarm) and (
                batch := self._unstored.next(self._node, self._flight.readings(self.settings.batch), alarm=alarm)
            ):
                with suppress(Refused):
                    self._publish(batch, alarm=alarm)

    def _send(self, batch: Batch) -> None:
        if (why_never := self.publisher.never(batch)) is not None:
            self._park(batch, why_never)
            return
        try:
            self._publish(batch, alarm=batch.alarm)
        except Refused as why:
            self._split(batch, str(why))
            return
        self.sent += len(batch.readings)

    def _publish(self, batch: Batch, *, alarm: bool) -> None:
        publication = self.publisher.of(batch, alarm=alarm)
        self.talk.send_notices()  # the batch may have a channel whose number nobody has been told yet
        self._flight.send(*publication, batch=batch)
        self.talk.notices.sent(batch)

    def _settle(self, ack: Ack) -> None:
        sent = self._flight.landed(ack)
        if sent.event is not None:
            self.talk.arrived(sent.event)
        elif ack.refused is None and sent.lane != "replay":
            self.cursor.deliver(chain.from_iterable(range(first, last + 1) for first, last in sent.runs))
        elif ack.refused is not None and (batch := self._route.picker.again(self._node, sent.runs, sent.lane)):
            self._split(batch, ack.refused)

    def _split(self, batch: Batch, why: str) -> None:
        """A refused batch goes in halves, so that one bad reading stops none of the others."""
        if len(batch.readings) > 1:
            for half in batch.halves():
                self._send(half)
            return
        self._park(batch, why)

    def _park(self, batch: Batch, why: str) -> None:
        log.error("%s will never take readings %d..%d (%s); they are parked", self.name, batch.first, batch.last, why)
        for seq in batch.seqs:
            self.cursor.refuse(seq)
        self._events.put("refused", destination=self.name, first=batch.first, last=batch.last, reason=why)

    def _note(self, state: str, why: UplinkDown | None = None) -> None:
        if why is not None and (self.down is None or why.state != self.down.state):
            log.warning(
                "uplink %s is down (%s): %s; to do: %s; readings wait on disk, tries go on",
                *(self.name, why.state, why, why.remedy),
            )
        if state == "connected":
            log.info("uplink %s is connected", self.name)
        if state != self.state:
            self.since = time.monotonic()
        self.state = state
        self.down = why and UplinkDown(str(why), why.state, why.remedy)  # the first one holds all that it went through
