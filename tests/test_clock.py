"""Time truth: stamps are ticks, dates come from anchors, and none is invented."""

from edge.clock import Anchor, Clock, Stamp, SystemWall

S = 10**9
BOOT, OTHER = "boot-1", "boot-2"


class Wall:
    """A wall clock that a test sets."""

    def __init__(self, utc=0, error=None):
        self.now, self.bound = utc, error

    def utc(self):
        return self.now

    def error(self):
        return self.bound


def test_ticks_never_go_back():
    clock = Clock(Wall())
    stamps = [clock.now() for _ in range(1000)]
    assert stamps == sorted(stamps)
    assert {stamp.boot for stamp in stamps} == {clock.boot}


def test_without_synchronisation_there_is_no_date():
    clock = Clock(Wall(utc=1_800_000_000 * S), boot=BOOT)
    clock.check()
    assert clock.anchor is None
    assert clock.utc(clock.now()) is None


def test_a_synchronised_kernel_clock_makes_an_anchor_for_all_of_the_boot():
    wall = Wall(error=0.02)
    clock = Clock(wall, boot=BOOT)
    before = clock.now()
    wall.now = 1_800_000_000 * S
    clock.check()
    anchor = clock.anchor
    assert anchor.source == "ntp"
    assert 0.02 <= anchor.error < 0.03, "reading two clocks takes a moment"
    assert clock.utc(before) == wall.now - (anchor.ticks - before.ticks)
    assert clock.utc(Stamp(OTHER, before.ticks)) is None


def test_anchors_of_earlier_boots_still_date_their_readings():
    clock = Clock(Wall(), boot=BOOT, anchors=[Anchor(OTHER, 10 * S, 1_700_000_000 * S, "ntp", 0.1)])
    assert clock.utc(Stamp(OTHER, 12 * S)) == 1_700_000_002 * S
    assert clock.utc(Stamp(BOOT, 12 * S)) is None


def test_an_anchor_is_announced_once_and_again_only_when_it_gets_better():
    wall, told = Wall(utc=1_800_000_000 * S, error=0.5), []
    clock = Clock(wall, boot=BOOT)
    clock.on_anchor = told.append
    for _ in range(3):
        clock.check()
    assert len(told) == 1
    wall.bound = 0.01
    clock.check()
    assert [round(anchor.error, 2) for anchor in told] == [0.5, 0.01]


def test_a_step_of_the_wall_clock_does_not_move_stamps():
    wall = Wall(utc=1_800_000_000 * S, error=None)
    clock = Clock(wall, boot=BOOT)
    before = clock.now()
    wall.now = 0
    assert clock.now() >= before


def test_the_kernel_answers_with_an_error_bound_or_none():
    error = SystemWall().error()
    assert error is None or 0 <= error < 1000
