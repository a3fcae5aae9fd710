"""While the card fails: live values go on as copies without a seq, once each, and nothing is claimed about them."""

import errno
import json
from collections import deque
from contextlib import contextmanager
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.budget import Budget
from edge.clock import Clock, Stamp
from edge.errors import StorageError
from edge.events import Events
from edge.forwarding.forwarder import Forwarder
from edge.forwarding.route import Route
from edge.forwarding.schedule import Schedule
from edge.outbox.cursor import Cursor
from edge.outbox.outbox import Outbox
from edge.outbox.picker import Picker
from edge.outbox.unstored import ROOM, Unstored
from edge.outbox.writer import STALL, Ring, Writer
from edge.payload import load
from edge.reading import Reading
from edge.settings import UplinkSettings
from edge.state import State
from tests.fakes import FakeUplink, unpacked
from tests.waiting import PATIENCE, until


def reading(number, *, boot="b", device="pm"):
    return Reading(device, "pm2_5", float(number), "ug/m3", Stamp(boot, number * 10**9))


def broken():
    return OSError(errno.EIO, "Input/output error")


class Card(Outbox):
    """An outbox whose card works, fails, cannot be read, or does not answer until it is let go."""

    def __init__(self, folder):
        super().__init__(folder, limit=1 << 22)
        self.fails, self.unreadable, self.goes_on, self.reached = False, False, Event(), Event()
        self.goes_on.set()

    def put(self, readings, *, alarm=False):
        self.reached.set()
        assert self.goes_on.wait(PATIENCE)
        if self.fails:
            raise StorageError("card", broken())
        return super().put(readings, alarm=alarm)

    def reader(self, *, alarm=False):
        return Looking(self, super().reader(alarm=alarm))


class Looking:
    """A reader of that card."""

    def __init__(self, card, reader):
        self._card, self._reader, self.close = card, reader, reader.close

    def read(self, first, last, count):
        if self._card.unreadable:
            raise broken()
        return self._reader.read(first, last, count)


class Rig:
    """A writer, a destination and the way between them, as the pipeline wires them."""

    def __init__(self, folder, *, wanted=None, now=lambda: 0.0, **more):
        self.outbox, self.cursor, self.uplink = Card(folder / "outbox"), Cursor("city"), FakeUplink()
        settings = UplinkSettings("city", "mqtt", "localhost", 1883, **{"batch": 10, **more})
        picker = Picker(self.outbox, self.cursor, None, wanted)
        route = Route(
            settings,
            self.uplink,
            load("senml+json")(),
            self.cursor,
            picker,
            Budget(Clock()),
            Schedule("N-1"),
            Unstored(wanted),
        )
        events = Events(Clock(), State(folder / "state.json"))
        self.forwarder = Forwarder("N-1", route, events, Clock())
        self.outbox.on_void = lambda first, last: self.cursor.skip(range(first, last + 1))
        self.writer = Writer(self.outbox, 0.02, now=now)
        self.writer.on_unstored = lambda readings, alarm: self.forwarder.copy(readings, alarm=alarm)
        self.writer.on_commit = self._committed

    def _committed(self):
        if self.writer.trouble is None:
            self.forwarder.stored()
        self.forwarder.wake()

    def until(self, predicate):
        until(predicate, lambda: f"{len(self.uplink.messages)} messages, {self.writer.trouble}")

    def copies(self):
        """(channel, record) of all copies that came."""
        return [
            (channel, record)
            for channel, payload, properties in list(self.uplink.messages)
            if properties.get("lane") == "unstored"
            for record in json.loads(payload)
        ]

    def copied(self, channel="readings"):
        return [record["v"] for came, record in self.copies() if came == channel]

    def numbered(self):
        """The records that came with a seq, on either channel."""
        return [
            record
            for channel, payload, properties in list(self.uplink.messages)
            if "first" in properties
            for record in unpacked(payload)
        ]

    def delivered(self):
        ledger = self.cursor.ledger(self.outbox.last)
        assert ledger.balanced
        return ledger.delivered


@contextmanager
def running(rig):
    rig.forwarder.start()
    rig.writer.start()
    try:
        yield rig
    finally:
        rig.writer.stop()
        rig.forwarder.stop()
        rig.forwarder.join()


def test_live_values_go_on_while_the_card_fails_and_get_their_seqs_afterwards(tmp_path):
    rig = Rig(tmp_path)
    card = rig.outbox
    with running(rig):
        rig.writer.offer([reading(0)])
        rig.until(lambda: rig.delivered() == 1)
        assert rig.copies() == []
        card.fails = True
        for number in range(1, 31):
            rig.writer.offer([reading(number)])
        rig.until(lambda: len(rig.copies()) == 30)
        assert (rig.outbox.last, rig.delivered(), rig.writer.held) == (1, 1, 30)
        card.fails = False
        rig.until(lambda: rig.delivered() == 31)
    assert rig.copied() == [float(number) for number in range(1, 31)]
    assert [(record["seq"], record["v"]) for record in rig.numbered()] == [(n + 1, float(n)) for n in range(31)]
    assert rig.writer.trouble is None and rig.writer.overrun == 0


def test_a_copy_has_no_seq_anywhere(tmp_path):
    rig = Rig(tmp_path)
    card = rig.outbox
    card.fails = True
    with running(rig):
        rig.writer.offer([reading(1), reading(2)])
        rig.until(rig.copies)
        card.fails = False
    properties = [more for _, _, more in rig.uplink.messages if more.get("lane") == "unstored"]
    assert all(not {"first", "last"} & set(more) and more["boot"] == "b" for more in properties)
    assert all(not {"bsq", "sq"} & set(record) for _, record in rig.copies())


def test_an_alarm_goes_first_and_on_its_channel(tmp_path):
    rig = Rig(tmp_path)
    card = rig.outbox
    card.fails = True
    rig.writer.offer([reading(number) for number in range(300)])
    rig.writer.offer([reading(1000)], alarm=True)
    with running(rig):
        rig.until(lambda: len(rig.copied()) == 300)
        card.fails = False
        rig.until(lambda: rig.delivered() == 301)
    sent = [channel for channel, _, properties in rig.uplink.messages if properties.get("lane") == "unstored"]
    assert sent[0] == "alarms" and rig.copied("alarms") == [1000.0]
    numbered = [record["v"] for record in rig.numbered()]
    assert sorted(numbered) == [*map(float, range(300)), 1000.0], "a reading came under two seqs"


def test_a_destination_gets_copies_of_what_it_wants_only(tmp_path):
    rig = Rig(tmp_path, wanted=lambda reading: reading.device == "pm")
    card = rig.outbox
    card.fails = True
    with running(rig):
        rig.writer.offer([reading(1), reading(2, device="air"), reading(3)])
        rig.until(lambda: len(rig.copies()) == 2)
        card.fails = False
        rig.until(lambda: rig.delivered() == 2)
    assert rig.copied() == [1.0, 3.0]


def test_a_copy_that_is_refused_is_no_loss(tmp_path):
    rig = Rig(tmp_path)
    card = rig.outbox
    card.fails, rig.uplink.largest = True, 10
    with running(rig):
        rig.writer.offer([reading(1)])
        rig.until(lambda: rig.writer.trouble)
        rig.uplink.largest = None
        card.fails = False
        rig.until(lambda: rig.delivered() == 1)
    assert rig.cursor.refused == 0


def test_a_card_that_does_not_answer_counts_as_one_that_fails(tmp_path):
    now = [0.0]
    rig = Rig(tmp_path, now=lambda: now[0])
    card = rig.outbox
    card.goes_on.clear()
    with running(rig):
        rig.writer.offer([reading(1)])
        assert card.reached.wait(PATIENCE)
        rig.writer.offer([reading(2)])
        assert rig.writer.trouble is None
        now[0] += STALL + 1
        rig.writer.offer([reading(3)])
        told = rig.writer.trouble
        rig.until(lambda: rig.copied() == [1.0, 2.0, 3.0])
        card.goes_on.set()
        rig.until(lambda: rig.delivered() == 3)
    assert told == "it has not answered for 3 s"
    assert rig.writer.trouble is None


def test_memory_holds_ten_minutes_at_twenty_readings_a_second_and_an_alarm_a_second(tmp_path):
    card = Card(tmp_path)
    card.fails = True
    writer = Writer(card, 0.02)
    writer.start()
    for second in range(600):
        writer.offer([reading(20 * second + number) for number in range(20)])
        writer.offer([reading(second, device="gauge")], alarm=True)
    held, lost = writer.held, writer.overrun
    card.fails = False
    writer.stop()
    assert (held, lost, writer.overrun, writer.held, writer.committed) == (12_600, 0, 0, 0, 12_600)
    card.close()


def test_a_card_that_cannot_be_read_leaves_the_link_up(tmp_path):
    rig = Rig(tmp_path)
    rig.outbox.put([reading(1)])
    rig.outbox.unreadable = True
    with running(rig):
        rig.until(lambda: rig.forwarder.trouble)
        assert rig.forwarder.state == "connected" and "cannot be read" in rig.forwarder.trouble
        rig.forwarder.copy([reading(2)], alarm=False)
        rig.until(lambda: rig.copied() == [2.0])
        rig.outbox.unreadable = False
        rig.until(lambda: rig.delivered() == 1)
        rig.until(lambda: rig.forwarder.trouble is None)
    assert (rig.uplink.connections, rig.cursor.evicted) == (1, 0)


def test_copies_are_bounded_and_the_newest_stay():
    copies = Unstored()
    copies.add([reading(number) for number in range(ROOM + 5)])
    batches = list(iter(lambda: copies.next("N-1", 100), None))
    assert [read.value for batch in batches for _, read in batch.readings] == [float(n) for n in range(5, ROOM + 5)]


def test_copies_of_two_boots_never_share_a_message():
    copies = Unstored()
    copies.add([reading(1), reading(2, boot="c")])
    assert [copies.next("N-1", 9).boot, copies.next("N-1", 9).boot, copies.next("N-1", 9)] == ["b", "c", None]


def test_what_has_not_gone_when_the_card_is_well_goes_the_normal_way():
    copies = Unstored()
    copies.add([reading(1)])
    copies.clear()
    assert copies.next("N-1", 9) is None and copies.pause is None


STEPS = st.lists(st.one_of(st.integers(1, 9), st.sampled_from(["begin", "done", "failed", "untold"])), max_size=60)


@given(STEPS)
def test_a_ring_loses_only_what_it_counts_and_tells_each_reading_once(steps):
    ring, added, stored, told, commit = Ring(12), 0, [], [], deque()
    for step in steps:
        if isinstance(step, int):
            ring.add([reading(number) for number in range(added, added + step)])
            added += step
        elif step == "untold":
            told += [read.value for read in ring.untold()]
        elif step == "begin" and not commit:
            commit.extend(read.value for read in ring.begin(5))
        elif step == "done" and commit:
            stored += commit
            commit.clear()
            ring.done()
        elif step == "failed" and commit:
            commit.clear()
            ring.failed("no room")
    assert added == len(stored) + len(ring) + ring.overrun
    assert len(ring) <= 12 + len(commit)
    assert stored == sorted(set(stored)) and told == sorted(set(told))


@pytest.mark.parametrize("alarm", [False, True])
def test_nothing_is_told_while_the_card_is_well(tmp_path, alarm):
    outbox, told = Outbox(tmp_path, limit=1 << 20), []
    writer = Writer(outbox, 0.0)
    writer.on_unstored = lambda readings, alarm: told.append(readings)
    writer.start()
    writer.offer([reading(number) for number in range(50)], alarm=alarm)
    writer.stop()
    assert (outbox.last, writer.held, told) == (50, 0, [])
    outbox.close()
