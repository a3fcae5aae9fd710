"""Live readings are gathered for a time, so that a message carries many; alarms and the backlog never wait for it."""

import pytest

from edge.clock import Stamp
from edge.outbox.cursor import Cursor
from edge.outbox.gathering import Gathering
from edge.outbox.outbox import Outbox
from edge.outbox.picker import Picker
from edge.reading import Reading


class Rig:
    """An outbox and the picker of a connected destination, in a time of their own."""

    def __init__(self, folder, age, wanted=None):
        self.now = 100.0
        self.outbox, self.cursor = Outbox(folder, limit=1 << 22), Cursor("city")
        self.picker = Picker(self.outbox, self.cursor, None, wanted, Gathering(age, lambda: self.now))
        self.picker.restart()

    def put(self, count, *, alarm=False, boot="b"):
        self.outbox.put(
            [Reading("pm", "pm2_5", float(n), "ug/m3", Stamp(boot, n * 10**9)) for n in range(count)], alarm=alarm
        )

    def next(self, count=500):
        batch = self.picker.next("N-1", count)
        return batch and list(batch.seqs)


@pytest.fixture
def rig(tmp_path):
    return Rig(tmp_path, 60.0)


def test_without_an_age_each_reading_goes_at_once(tmp_path):
    rig = Rig(tmp_path, None)
    rig.put(2)
    assert rig.next() == [1, 2] and rig.picker.pause == 0


def test_what_comes_within_the_age_goes_together(rig):
    rig.put(2)
    assert rig.next() is None and rig.picker.pause == 60.0
    rig.now += 59.0
    rig.put(3)
    assert rig.next() is None and rig.picker.pause == 1.0
    rig.now += 1.0
    assert rig.next() == [1, 2, 3, 4, 5]
    assert rig.next() is None and rig.picker.pause == 0


def test_the_next_ones_wait_for_an_age_of_their_own(rig):
    rig.put(1)
    rig.next()
    rig.now += 60.0
    assert rig.next() == [1] and rig.next() is None
    rig.now += 60.0
    rig.put(1)
    assert rig.next() is None and rig.picker.pause == 60.0


def test_what_fills_a_message_goes_at_once_and_the_rest_is_gathered(rig):
    rig.put(1)
    rig.next()
    rig.now += 30.0
    rig.put(102)
    assert rig.next(count=100) == list(range(1, 101))
    assert rig.next(count=100) is None and rig.picker.pause == 60.0


def test_all_that_is_old_enough_goes_although_it_takes_several_messages(rig):
    rig.put(1)
    rig.next()
    rig.now += 60.0
    rig.put(249)
    assert [len(rig.next(count=100) or ()) for _ in range(4)] == [100, 100, 50, 0]


def test_an_alarm_never_waits(rig):
    rig.put(3)
    rig.put(1, alarm=True)
    assert rig.next() is None
    assert list(rig.picker.alarm("N-1", 500).seqs) == [4]


def test_the_backlog_does_not_wait(rig):
    rig.put(5)
    assert rig.next() is None
    rig.picker.restart()  # a new connection
    rig.put(2)
    assert rig.next() == [1, 2, 3, 4, 5] and rig.next() is None
    assert rig.picker.pause == 60.0


def test_a_destination_that_gets_few_of_many_has_them_gathered_all_the_same(tmp_path):
    rig = Rig(tmp_path, 60.0, wanted=lambda reading: reading.value % 10 == 0)
    rig.put(300)
    assert rig.next(count=20) is None
    rig.now += 60.0
    assert rig.next(count=20) == list(range(1, 200, 10)) and rig.next(count=20) == list(range(201, 300, 10))


def test_readings_of_two_boots_do_not_meet_in_a_message(tmp_path):
    rig = Rig(tmp_path, 60.0, wanted=lambda reading: reading.value % 2 == 0)
    rig.put(4)
    rig.put(4, boot="c")
    rig.next()
    rig.now += 60.0
    assert [rig.next(count=3) for _ in range(3)] == [[1, 3], [5, 7], None]
