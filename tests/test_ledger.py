"""The ledger holds after every step: taken = delivered + waiting + evicted + refused, for each destination."""

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge.clock import Stamp
from edge.outbox.cursor import Cursor
from edge.outbox.intervals import Intervals
from edge.outbox.outbox import Outbox
from edge.outbox.picker import Picker
from edge.reading import Reading

NAMES = ("city", "utility")
SEGMENT, LIMIT = 1 << 14, 1 << 16


class Life(RuleBasedStateMachine):
    """A node's outbox with destinations that come, go, lag and crash; a model keeps what each of them got."""

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="ledger-"))
        self.values = {}  # seq -> value, as accepted
        self.got = {name: {} for name in NAMES}  # what arrived at each destination
        self.cursors = {name: Cursor(name) for name in NAMES}
        self.saved = {name: self.cursors[name].as_dict() for name in NAMES}
        self.boots, self.ticks = 1, 0
        self.begin()

    def begin(self):
        known = max(cursor.highest for cursor in self.cursors.values())
        self.outbox = Outbox(self.folder, limit=LIMIT, segment=SEGMENT, known=known)
        self.outbox.needed = lambda first, last: any(c.waits(first, last) for c in self.cursors.values())
        self.outbox.on_evicted = lambda first, last, reason: [c.evict(first, last) for c in self.cursors.values()]
        self.flying = {name: [] for name in NAMES}
        self.pickers = {name: Picker(self.outbox, self.cursors[name], None) for name in NAMES}
        for name, cursor in self.cursors.items():
            for run in self.outbox.gone():
                cursor.evict(*run)
            self.pickers[name].on_lost = cursor.evict
            self.pickers[name].restart()

    @rule(count=st.integers(1, 3))
    def alarm(self, count):
        self.put(count, alarm=True)

    @rule(count=st.integers(1, 400))
    def put(self, count, alarm=False):
        readings = []
        for _ in range(count):
            self.ticks += 10**8
            readings.append(Reading("pm", "pm2_5", float(self.ticks), "ug/m3", Stamp(f"boot-{self.boots}", self.ticks)))
        first, last = self.outbox.put(readings, alarm=alarm)
        assert last - first + 1 == count
        for seq, reading in zip(range(first, last + 1), readings, strict=True):
            assert seq not in self.values, "a seq was given twice"
            self.values[seq] = reading.value

    @rule(name=st.sampled_from(NAMES), count=st.integers(1, 200))
    def send(self, name, count):
        batch = self.pickers[name].alarm("node", count) or self.pickers[name].next("node", count)
        if batch is not None:
            self.flying[name].append(batch)
            for seq, reading in batch.readings:
                assert self.values.setdefault(seq, reading.value) == reading.value
                self.got[name][seq] = reading.value

    @rule(name=st.sampled_from(NAMES), which=st.integers(0, 100))
    def acknowledge_in_any_order(self, name, which):
        if self.flying[name]:
            self.cursors[name].deliver(self.flying[name].pop(which % len(self.flying[name])).seqs)

    @rule(name=st.sampled_from(NAMES))
    def refuse(self, name):
        if self.flying[name]:
            for seq in self.flying[name].pop().seqs:
                self.cursors[name].refuse(seq)

    @rule(name=st.sampled_from(NAMES))
    def lose_the_link(self, name):
        self.flying[name].clear()
        self.pickers[name].restart()

    @rule()
    def save(self):
        self.saved = {name: cursor.as_dict() for name, cursor in self.cursors.items()}

    @rule(reboot=st.booleans())
    def crash(self, reboot):
        self.outbox.close()
        self.boots += reboot
        self.cursors = {name: Cursor(name, self.saved[name]) for name in NAMES}
        self.begin()

    @precondition(lambda self: self.values)
    @rule(name=st.sampled_from(NAMES))
    def drain(self, name):
        self.lose_the_link(name)
        picker = self.pickers[name]
        while (batch := picker.alarm("node", 300) or picker.next("node", 300)) is not None:
            self.got[name].update((seq, reading.value) for seq, reading in batch.readings)
            self.cursors[name].deliver(batch.seqs)
        assert self.cursors[name].ledger(self.outbox.last).waiting == 0
        kept = range(self.outbox.first, self.outbox.last + 1)
        done = self.cursors[name]
        missing = [seq for seq in kept if seq not in self.got[name]]
        assert len(missing) <= done.refused + done.evicted
        for first, last in self.outbox.alarms(1, self.outbox.last):
            assert done.refused or set(range(first, last + 1)) <= self.got[name].keys()

    @invariant()
    def the_ledger_is_balanced(self):
        for cursor in self.cursors.values():
            assert cursor.ledger(self.outbox.last).balanced

    @invariant()
    def nothing_accepted_is_gone_while_it_fits(self):
        assert self.outbox.last >= max(self.values, default=0)
        assert self.outbox.size <= LIMIT + (1 << 16)

    def teardown(self):
        self.outbox.close()
        shutil.rmtree(self.folder)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=int(os.environ.get("EDGE_EXAMPLES", "12")), stateful_step_count=50)


def test_intervals_are_a_set():
    chosen = Intervals()
    model = set()
    for first, last in [(5, 9), (1, 2), (3, 4), (20, 30), (8, 21), (40, 40), (0, 50), (7, 3)]:
        new = set(range(first, last + 1)) - model
        assert chosen.add(first, last) == len(new)
        model |= new
        assert chosen.count == len(model)
        assert [number for number in range(60) if number in chosen] == sorted(model)


def test_gap_is_the_first_run_of_missing_numbers():
    done = Intervals([(1, 10), (15, 20)])
    assert done.gap(1, 30) == (11, 14)
    assert done.gap(12, 30) == (12, 14)
    assert done.gap(15, 30) == (21, 30)
    assert done.gap(1, 12) == (11, 12)
    assert done.gap(2, 10) is None


@given(st.lists(st.tuples(st.integers(1, 99), st.integers(0, 5)), max_size=12))
def test_a_cursor_comes_back_as_it_was_saved_also_from_the_form_before(pairs):
    cursor = Cursor("city")
    for first, length in pairs:
        cursor.deliver(range(first, first + length))
    saved = cursor.as_dict()
    before = saved | {"done": [[first, last] for first, last in Intervals.read(saved["done"])]}
    for form in (saved, before):
        again = Cursor("city", form)
        assert again.as_dict() == saved and again.ledger(120) == cursor.ledger(120)
