"""The forwarder: everything committed arrives, in order, and the ledger says what became of it."""

import json
from contextlib import contextmanager

import pytest

from edge.budget import Budget
from edge.clock import Anchor, Clock, Stamp
from edge.events import Events
from edge.forwarding.forwarder import Forwarder
from edge.forwarding.route import Route
from edge.forwarding.schedule import Schedule
from edge.notices.notices import HealthNotice, Notice, Notices
from edge.outbox.cursor import Cursor
from edge.outbox.outbox import Outbox
from edge.outbox.picker import Picker
from edge.payload import load
from edge.payload.channels import table_of
from edge.reading import Reading
from edge.settings import UplinkSettings
from edge.state import State
from tests.fakes import FakeUplink, unpacked
from tests.waiting import until


class Telling:
    """Tells the channel table whenever it changes, as the inventory does."""

    def __init__(self, channels):
        self.channels, self.told = channels, None

    def restart(self):
        self.told = None

    def sent(self, batch):
        pass

    def next(self):
        if self.channels.digest == self.told:
            return None
        self.told = self.channels.digest
        return Notice("inventory", json.dumps(self.channels.as_dict()).encode(), retain=True)


class Rig:
    """An outbox, a fake destination and the forwarder between them."""

    def __init__(self, folder, wanted=None, **more):
        self.outbox = Outbox(folder / "outbox", limit=1 << 22)
        self.cursor = Cursor("city")
        self.uplink = FakeUplink()
        self.events = Events(Clock(), State(folder / "state.json"))
        settings = UplinkSettings("city", "mqtt", "localhost", 1883, **{"batch": 10, **more})
        self.cursor.receipt = settings.custody == "receipt"
        self.clock = Clock(boot="b")
        self.budget = Budget(self.clock, settings.budget_day, settings.budget_month)
        self.picker = Picker(self.outbox, self.cursor, settings.rate, wanted)
        schedule = Schedule("N-1 city", settings.connect_every, linger=0.1)
        route = Route(settings, self.uplink, load(settings.payload)(), self.cursor, self.picker, self.budget, schedule)
        self.forwarder = Forwarder("N-1", route, self.events, self.clock)
        self.number = 0

    def put(self, count, boot="b"):
        readings = [Reading("pm", "pm2_5", float(self.number + n), "ug/m3", Stamp(boot, (self.number + n) * 10**9))
                    for n in range(count)]  # fmt: skip
        self.number += count
        self.outbox.put(readings)
        self.forwarder.wake()

    def until(self, predicate):
        until(predicate, lambda: f"ledger {self.cursor.ledger(self.outbox.last)}")

    def drained(self):
        return self.cursor.ledger(self.outbox.last).waiting == 0

    def seqs(self):
        return [record["seq"] for record in self.uplink.records()]


@contextmanager
def running(rig):
    rig.forwarder.start()
    try:
        yield rig
    finally:
        rig.forwarder.stop()
        rig.forwarder.join()


def test_everything_arrives_once_and_in_order(tmp_path):
    rig = Rig(tmp_path)
    rig.put(95)
    with running(rig):
        rig.until(rig.drained)
        rig.put(5)
        rig.until(rig.drained)
    assert rig.seqs() == list(range(1, 101))
    ledger = rig.cursor.ledger(rig.outbox.last)
    assert (ledger.taken, ledger.delivered, ledger.balanced) == (100, 100, True)


def test_the_window_bounds_what_is_under_way(tmp_path):
    rig = Rig(tmp_path)
    rig.put(500)
    with running(rig):
        rig.until(rig.drained)
    assert rig.uplink.most_under_way <= rig.uplink.window


def test_what_was_not_acknowledged_goes_again_with_the_same_seq(tmp_path):
    rig = Rig(tmp_path)
    rig.uplink.mute = True
    rig.put(30)
    with running(rig):
        rig.until(lambda: len(rig.seqs()) == 30)
        rig.uplink.down = True
        rig.forwarder.wake()
        rig.until(lambda: rig.forwarder.state == "down")
        assert rig.cursor.ledger(30).waiting == 30
        rig.uplink.down = rig.uplink.mute = False
        rig.until(rig.drained)
    values = {}
    for record in rig.uplink.records():
        assert values.setdefault(record["seq"], record["v"]) == record["v"]
    assert sorted(values) == list(range(1, 31))


def test_live_readings_overtake_the_backlog(tmp_path):
    rig = Rig(tmp_path, rate=100.0)
    rig.put(300)
    with running(rig):
        rig.until(lambda: len(rig.seqs()) >= 10)
        rig.put(5)
        rig.until(lambda: 305 in rig.seqs())
        assert not rig.drained()
        rig.until(rig.drained)
    lanes = {properties["lane"] for channel, _, properties in rig.uplink.messages if channel == "readings"}
    assert lanes == {"live", "backlog"}


def test_a_message_too_large_is_split(tmp_path):
    rig = Rig(tmp_path)
    rig.uplink.largest = 300
    rig.put(40)
    with running(rig):
        rig.until(rig.drained)
    assert sorted(rig.seqs()) == list(range(1, 41))
    assert rig.cursor.refused == 0


@pytest.mark.parametrize("at_once", [True, False])
def test_a_reading_refused_for_ever_is_parked_and_the_queue_moves_on(tmp_path, at_once):
    rig = Rig(tmp_path)
    if at_once:
        rig.uplink.largest = 100
    else:
        rig.uplink.refuse = lambda records: "not this one" if any(r["seq"] == 13 for r in records) else None
    rig.put(20)
    with running(rig):
        rig.until(rig.drained)
        rig.until(lambda: at_once or any(event["event"] == "refused" for event in rig.uplink.events()))
    ledger = rig.cursor.ledger(rig.outbox.last)
    assert ledger.refused == (20 if at_once else 1)
    assert ledger.balanced


def test_readings_of_two_boots_never_share_a_message(tmp_path):
    rig = Rig(tmp_path)
    rig.put(5)
    rig.outbox.put([Reading("pm", "pm2_5", 1.0, "ug/m3", Stamp("c", 1000)) for _ in range(3)])
    with running(rig):
        rig.until(rig.drained)
    boots = [properties["boot"] for channel, _, properties in rig.uplink.messages if channel == "readings"]
    assert boots == ["b", "c"]


def test_events_arrive_and_are_not_repeated_after_an_acknowledgement(tmp_path):
    rig = Rig(tmp_path)
    rig.events.put("restart", version="1")
    with running(rig):
        rig.until(lambda: any(channel == "event" for channel, _, _ in rig.uplink.messages))
        rig.events.put("gap", first=1, last=2)
        rig.forwarder.wake()
        rig.until(lambda: sum(channel == "event" for channel, _, _ in rig.uplink.messages) == 2)
    assert {event["via"] for event in rig.uplink.events()} == {"city"}


def test_evicted_readings_are_counted_not_sent(tmp_path):
    rig = Rig(tmp_path)
    rig.put(10)
    rig.cursor.evict(1, 4)
    with running(rig):
        rig.until(rig.drained)
    assert rig.seqs() == [5, 6, 7, 8, 9, 10]
    ledger = rig.cursor.ledger(10)
    assert (ledger.delivered, ledger.evicted) == (6, 4)


def test_an_alarm_overtakes_a_backlog_even_when_the_window_is_full(tmp_path):
    rig = Rig(tmp_path)
    rig.uplink.mute = True
    rig.put(300)
    with running(rig):
        rig.until(lambda: len(rig.seqs()) >= 10 * (rig.uplink.window - 1))
        rig.outbox.put([Reading("gauge", "level", 3.2, "m", Stamp("b", 5))], alarm=True)
        rig.forwarder.wake()
        rig.until(lambda: any(channel == "alarms" for channel, _, _ in rig.uplink.messages))
        rig.uplink.mute = False
        rig.forwarder.wake()
        rig.until(rig.drained)
    assert rig.cursor.ledger(rig.outbox.last).delivered == 301


def test_a_destination_gets_only_what_it_wants_and_its_account_holds(tmp_path):
    rig = Rig(tmp_path, wanted=lambda reading: reading.value % 3 == 0)
    rig.put(90)
    with running(rig):
        rig.until(rig.drained)
    ledger = rig.cursor.ledger(rig.outbox.last)
    assert rig.seqs() == list(range(1, 91, 3))
    assert (ledger.taken, ledger.delivered, ledger.balanced) == (30, 30, True)


def test_a_receipt_lets_readings_go_and_an_acknowledgement_alone_does_not(tmp_path):
    rig = Rig(tmp_path, custody="receipt")
    rig.put(30)
    with running(rig):
        rig.until(lambda: len(rig.seqs()) == 30 and not rig.uplink._under_way)
        assert rig.cursor.ledger(30).delivered == 0
        nonsense = [b"nonsense", b'{"upto": true}', b"[" * 60_000]
        rig.uplink.inbound += [("receipt", payload) for payload in (*nonsense, b'{"upto": 20}')]
        rig.forwarder.wake()
        rig.until(lambda: rig.cursor.ledger(30).delivered == 20)
        assert rig.cursor.ledger(30).waiting == 10
        rig.uplink.inbound += [("command", b'{"upto": 25}'), ("receipt", b'{"upto": 30}')]
        rig.forwarder.wake()
        rig.until(rig.drained)
    assert rig.seqs() == list(range(1, 31))


def test_a_replay_sends_again_marked_and_leaves_the_account_alone(tmp_path):
    rig = Rig(tmp_path)
    rig.put(50)
    with running(rig):
        rig.until(rig.drained)
        rig.forwarder.replay(11, 40)
        rig.until(lambda: len(rig.seqs()) == 80)
    replayed = [payload for channel, payload, properties in rig.uplink.messages if properties.get("lane") == "replay"]
    assert [record["seq"] for payload in replayed for record in unpacked(payload)] == list(range(11, 41))
    assert rig.cursor.ledger(50).delivered == 50


def test_a_receipt_for_what_was_never_given_out_releases_nothing_and_is_told_once(tmp_path, caplog):
    rig = Rig(tmp_path, custody="receipt")
    rig.put(30)
    with running(rig):
        rig.until(lambda: rig.cursor.awaited() == (1, 30))
        rig.uplink.inbound += [("receipt", b'{"upto": 90000}')] * 3 + [("receipt", b'{"upto": 10}')]
        rig.forwarder.wake()
        rig.until(lambda: rig.cursor.ledger(30).delivered == 10)
        rig.until(rig.uplink.events)
    (event,) = rig.uplink.events()
    assert (event["event"], event["destination"], event["upto"], event["taken"]) == ("receipt", "city", 90000, 30)
    assert sum("90000" in line for line in caplog.messages) == 1


def test_what_the_broker_acknowledged_and_lost_goes_again_until_the_receipt_covers_it(tmp_path):
    rig = Rig(tmp_path, custody="receipt", receipt_within=0.01)
    rig.put(40)
    alarm = Reading("gauge", "level", 3.2, "m", Stamp("b", 50 * 10**9))
    rig.outbox.put([alarm], alarm=True)
    rig.put(10)
    here = set(range(1, 21)) | {51}  # the broker has lost the others

    def receipt():
        heard = [unpacked(payload) for _, payload, about in rig.uplink.messages if about.get("lane") == "replay"]
        here.update(record["seq"] for records in heard for record in records)
        upto = next(seq for seq in range(1, 53) if seq not in here) - 1
        rig.uplink.inbound.append(("receipt", json.dumps({"upto": upto}).encode()))
        rig.forwarder.wake()
        return rig.drained()

    with running(rig):
        rig.until(lambda: rig.cursor.awaited() == (1, 51))
        rig.until(receipt)
    again = [(channel, unpacked(payload)) for channel, payload, about in rig.uplink.messages
             if about.get("lane") == "replay"]  # fmt: skip
    assert [channel for channel, records in again for record in records if record["seq"] == 41] == ["alarms"]
    assert rig.cursor.ledger(51).delivered == 51


def test_a_replay_has_alarms_too_in_their_place(tmp_path):
    rig = Rig(tmp_path)
    rig.put(5)
    rig.outbox.put([Reading("gauge", "level", 3.2, "m", Stamp("b", 50 * 10**9))] * 2, alarm=True)
    rig.put(5)
    with running(rig):
        rig.until(rig.drained)
        rig.forwarder.replay(3, 10)
        rig.until(lambda: not rig.picker.asked)
    replayed = [(channel, [record["seq"] for record in unpacked(payload)])
                for channel, payload, about in rig.uplink.messages if about.get("lane") == "replay"]  # fmt: skip
    assert replayed == [("readings", [3, 4, 5]), ("alarms", [6, 7]), ("readings", [8, 9, 10])]


def test_a_replay_that_a_connection_took_with_it_goes_again(tmp_path):
    rig = Rig(tmp_path)
    rig.put(20)
    with running(rig):
        rig.until(rig.drained)
        rig.uplink.mute = True
        rig.forwarder.replay(1, 20)
        rig.until(lambda: len(rig.seqs()) == 40)
        rig.uplink.down = True
        rig.forwarder.wake()
        rig.until(lambda: rig.forwarder.state == "down")
        rig.uplink.down = rig.uplink.mute = False
        rig.until(lambda: len(rig.seqs()) == 60)
    assert rig.seqs()[-20:] == list(range(1, 21))


def test_what_a_receipt_is_awaited_for_and_the_card_lost_is_told(tmp_path):
    rig = Rig(tmp_path, custody="receipt")
    lost = []
    rig.picker.on_lost = lambda first, last: lost.append((first, last))
    rig.put(20)
    rig.cursor.deliver(range(1, 31))
    rig.outbox.last = 30  # ten more were given out and are not on the card
    rig.picker.replay(1, 30)
    batches = iter(lambda: rig.picker.next("N-1", 100), None)
    assert [batch.seqs for batch in batches] == [list(range(1, 21))]
    assert lost == [(21, 30)]


def test_health_goes_out_once_a_minute_and_counts_nowhere(tmp_path):
    rig = Rig(tmp_path)
    rig.forwarder.talk.notices = Notices([HealthNotice(lambda: {"health": "healthy"})])
    rig.put(20)
    with running(rig):
        rig.until(rig.drained)
        rig.put(5)
        rig.until(rig.drained)
    told = [payload for channel, payload, _ in rig.uplink.messages if channel == "health"]
    assert told == [b'{"health": "healthy"}']
    assert rig.cursor.ledger(25).delivered == 25


def test_a_payload_that_needs_dates_waits_until_the_clock_is_known(tmp_path):
    rig = Rig(tmp_path, payload="thingsboard")
    rig.put(20)
    with running(rig):
        rig.until(lambda: rig.forwarder.trouble)
        assert rig.forwarder.state == "connected" and "date" in rig.forwarder.trouble
        assert rig.cursor.ledger(20).waiting == 20 and rig.uplink.messages == []
        rig.clock.offer(Anchor("b", 0, 1_790_000_000 * 10**9, "ntp", 0.01))
        rig.forwarder.wake()
        rig.until(rig.drained)
        rig.until(lambda: rig.forwarder.trouble is None)
    assert {channel for channel, _, _ in rig.uplink.messages} == {"v1/gateway/telemetry"}
    assert rig.cursor.ledger(20).delivered == 20


def test_readings_of_a_boot_that_never_had_a_date_are_refused_and_told_where_a_date_is_needed(tmp_path):
    rig = Rig(tmp_path, payload="thingsboard")
    rig.put(7, boot="a")
    rig.put(3)
    rig.clock.offer(Anchor("b", 0, 1_790_000_000 * 10**9, "ntp", 0.01))
    with running(rig):
        rig.until(rig.drained)
        rig.until(rig.uplink.events)
    (event,) = rig.uplink.events()
    assert (event["event"], event["first"], event["last"]) == ("refused", 1, 7)
    ledger = rig.cursor.ledger(10)
    assert (ledger.refused, ledger.delivered, ledger.balanced) == (7, 3, True)


def test_a_message_comes_behind_the_inventory_that_names_its_channels(tmp_path):
    rig = Rig(tmp_path, payload="rows")
    channels = rig.forwarder._route.payload.channels
    rig.forwarder.talk.notices = Notices([Telling(channels)])
    rig.put(5)
    with running(rig):
        rig.until(rig.drained)
    tables = {}
    for channel, payload, _ in rig.uplink.messages:
        if channel == "inventory":
            tables |= [table_of(json.loads(payload))]
        else:
            assert [record.quantity for record in load("rows").decode(payload, tables)] == ["pm2_5"] * 5


def test_a_connection_ends_when_all_has_arrived_and_an_alarm_begins_the_next_one(tmp_path):
    rig = Rig(tmp_path, connect_every=3600.0)
    rig.put(30)
    with running(rig):
        rig.until(lambda: rig.forwarder.state == "resting")
        assert (rig.uplink.connections, rig.cursor.ledger(30).delivered) == (1, 30)
        assert 0 < rig.forwarder.schedule.left() <= 3600
        rig.put(10)
        rig.outbox.put([Reading("gauge", "level", 3.2, "m", Stamp("b", 5))], alarm=True)
        rig.forwarder.wake()
        rig.until(rig.drained)
        rig.until(lambda: rig.forwarder.state == "resting")
    assert rig.uplink.connections == 2
    assert [channel for channel, _, _ in rig.uplink.messages][-2:] == ["alarms", "readings"]


def test_routine_waits_for_the_rhythm(tmp_path):
    rig = Rig(tmp_path, connect_every=3600.0)
    with running(rig):
        rig.until(lambda: rig.forwarder.state == "resting")
        rig.put(10)
        assert not rig.picker.alarmed and rig.cursor.ledger(10).waiting == 10
        rig.forwarder.copy([Reading("gauge", "level", 3.2, "m", Stamp("b", 5))], alarm=True)
        rig.until(rig.drained)
    assert rig.uplink.messages[0][2]["lane"] == "unstored"


def test_a_budget_that_is_low_holds_the_backlog_and_then_all_but_alarms(tmp_path):
    rig = Rig(tmp_path, budget_day=100_000)
    rig.budget.spend(80_000)
    rig.put(30)
    with running(rig):
        rig.until(lambda: rig.forwarder.state == "connected")
        rig.put(5)
        rig.until(lambda: len(rig.seqs()) == 5)
        assert rig.seqs() == list(range(31, 36))
        rig.uplink.carried += 20_000
        rig.forwarder.wake()
        rig.until(lambda: rig.budget.holds == "routine")
        rig.put(5)
        rig.outbox.put([Reading("gauge", "level", 3.2, "m", Stamp("b", 5))], alarm=True)
        rig.forwarder.wake()
        rig.until(lambda: any(channel == "alarms" for channel, _, _ in rig.uplink.messages))
        rig.until(lambda: [event["waits"] for event in rig.uplink.events()] == ["routine"])
        assert rig.cursor.ledger(rig.outbox.last).waiting == 35
        rig.budget.limit(None, None)
        rig.forwarder.wake()
        rig.until(rig.drained)
    assert sorted(rig.seqs()) == [*range(1, 41)]
