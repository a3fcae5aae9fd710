"""What the broker acknowledged and lost goes again by itself: soon, little at first, never for nothing for long."""

import pytest

from edge.forwarding.custody import GROWTH, LONGEST, MOST, Custody
from edge.outbox.cursor import Cursor

WITHIN = 60.0


class City:
    """A node that handed seqs to a broker, and a centre behind it that has some of them; time is what we say."""

    def __init__(self, handed, *, lost=(), skipped=()):
        self.time, self.handed = 0.0, handed
        self.cursor = Cursor("city", receipt=True)
        self.cursor.skip(skipped)
        self.cursor.deliver(seq for seq in range(1, handed + 1) if seq not in skipped)
        self.here = set(range(1, handed + 1)) - set(lost) | set(skipped)
        self.custody = Custody("N-1 city", self.cursor, WITHIN, lambda: self.time)
        self.asked = []  # (time, first, last)

    def hand(self, last):
        """So many have gone to the broker by now; whoever has them is not said."""
        self.cursor.deliver(range(self.handed + 1, last + 1))
        self.handed = last

    @property
    def upto(self):
        return next(seq for seq in range(1, self.handed + 2) if seq not in self.here) - 1

    def receipt(self):
        self.cursor.stored(self.upto)

    def run(self, seconds, *, answers=True, lost=()):
        """Looks once a second; what goes again arrives, but for the ``lost``, and the centre answers with a receipt."""
        for _ in range(int(seconds)):
            self.time += 1.0
            if (run := self.custody.due()) is not None:
                self.asked.append((self.time, *run))
                if answers:
                    self.here |= set(range(run[0], run[1] + 1)) - set(lost)
                    self.receipt()

    @property
    def again(self):
        return sum(last - first + 1 for _, first, last in self.asked)


def test_a_hole_is_filled_without_anybody_asking():
    city = City(3000, lost=range(1001, 2501))
    city.receipt()
    city.run(3 * WITHIN)
    assert city.upto == 3000 and city.cursor.ledger(3000).waiting == 0
    first, *_ = city.asked
    assert first[0] >= WITHIN and first[1:] == (1001, 1001)  # the oldest alone tells whether the centre is there
    assert city.again == 2000  # no more beyond the hole than one step, and nothing that went after it was found


def test_a_hole_that_grew_while_the_centre_was_away_is_filled():
    city = City(12, lost=range(1, 1001))
    city.run(WITHIN, answers=False)
    city.hand(1000)
    city.run(10 * WITHIN, answers=False)
    city.here.update(range(1001, 1201))
    city.hand(1200)
    city.run(1200)
    assert city.upto == 1200 and all(first <= last for _, first, last in city.asked)


def test_while_the_receipt_moves_nothing_goes_again():
    city = City(1000)
    for upto in range(0, 1000, 10):
        city.cursor.stored(upto)
        city.run(WITHIN // 2)
    assert city.asked == []


def test_without_receipts_nothing_is_awaited():
    city = City(0)
    city.cursor.receipt = False
    city.cursor.deliver(range(1, 500))
    city.run(5 * LONGEST)
    assert city.asked == []


def test_a_centre_that_is_away_is_asked_with_one_reading_less_and_less_often():
    city = City(5000)
    city.run(86_400, answers=False)
    assert {run[1:] for run in city.asked} == {(1, 1)}
    assert 24 <= len(city.asked) <= 24 * 3600 / WITHIN / 10
    pauses = [later[0] - earlier[0] for earlier, later in zip(city.asked, city.asked[1:], strict=False)]
    assert min(pauses) >= WITHIN and LONGEST / 2 <= max(pauses) <= LONGEST


def test_a_receipt_that_was_late_brings_nothing_twice():
    city = City(5000)
    city.run(10 * WITHIN, answers=False)
    before = len(city.asked)
    city.receipt()
    city.run(10 * WITHIN)
    assert len(city.asked) == before


def test_a_centre_that_creeps_on_is_sent_nothing_more():
    city = City(600)
    city.run(2 * WITHIN, answers=False)
    before = city.again
    for upto in range(1, 600):
        city.cursor.stored(upto)
        city.run(1, answers=False)
    assert city.again == before == 1


def test_after_a_hole_was_filled_the_next_one_is_found_as_soon():
    city = City(5000)
    city.run(86_400, answers=False)
    city.receipt()
    city.run(1)
    start = city.time
    city.hand(5010)
    city.run(3 * WITHIN)
    (at, *first), *_, (_, *last) = city.asked[-3:]
    assert (first, last) == ([5001, 5001], [5006, 5010]) and at - start <= 2 * WITHIN + 1


def test_seqs_that_others_get_are_no_holes():
    city = City(4000, lost=range(1001, 2001), skipped=range(2, 4001, 2))
    city.receipt()
    city.run(3 * WITHIN)
    assert city.upto == 4000
    assert [last - first + 1 for _, first, last in city.asked[:3]] == [1, GROWTH, GROWTH**2]


def test_a_step_is_bounded():
    city = City(100_000, lost=range(1, 60_001))
    city.run(4 * WITHIN)
    assert city.upto == 100_000 and max(last - first + 1 for _, first, last in city.asked) == MOST


def test_a_receipt_inside_of_what_went_again_is_waited_out():
    city = City(3000, lost=range(1, 1001))
    while len(city.asked) < 5:
        city.run(1, lost=range(100, 1001))
    (*_, (at, *run)) = city.asked
    assert run == [86, 341] and city.upto == 99
    city.run(WITHIN / 2)
    assert len(city.asked) == 5
    city.run(3 * WITHIN)
    assert city.upto == 3000 and city.asked[5][1:] == (100, 100) and city.asked[5][0] >= at + WITHIN


def test_a_new_connection_hears_first_what_waited_for_it():
    city = City(100)
    city.run(1)
    city.time += LONGEST
    city.custody.restart()
    city.run(1)
    assert city.asked == []
    city.receipt()
    city.run(WITHIN)
    assert city.asked == []


def test_a_restart_sends_nothing_again_that_the_broker_has():
    city = City(100)
    city.cursor.stored(40)
    again = Cursor("city", city.cursor.as_dict())
    again.need_receipts(True)
    assert again.awaited() == (41, 100) and again.gap(1, 120) == (101, 120)
    again.need_receipts(False)
    assert again.ledger(100).delivered == 100


def test_where_receipts_are_no_longer_needed_what_was_handed_over_is_delivered():
    city = City(100)
    assert city.cursor.ledger(100).waiting == 100
    city.cursor.need_receipts(False)
    assert city.cursor.ledger(100).delivered == 100 and city.custody.due() is None


@pytest.mark.parametrize("evicted", [0, 40])
def test_what_is_gone_is_not_awaited(evicted):
    city = City(100)
    city.cursor.evict(1, evicted)
    assert city.cursor.awaited() == (evicted + 1, 100)
    city.cursor.stored(60)
    assert city.cursor.awaited() == (61, 100) and city.cursor.awaited(90) == (90, 100)
    city.cursor.stored(100)
    assert city.cursor.awaited() is None
