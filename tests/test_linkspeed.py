"""How fast a link is: on a link in virtual time, messages stay short of it and the link is never idle."""

from collections import deque

import pytest

from edge.forwarding.forwarder import IDLE
from edge.forwarding.linkspeed import BUSY, FIRST, LATE, LEAST, MESSAGE, LinkSpeed

FLIGHT = MESSAGE + BUSY  # seconds that a message is under way, if the link is as fast as it was


class Link:
    """A link of ``rate`` bytes a second whose acknowledgements come ``latency`` seconds after the last byte."""

    def __init__(self, rate, latency=0.0):
        self.now, self.rate, self.latency = 0.0, rate, latency
        self.speed = LinkSpeed(lambda: self.now)
        self.flying = deque()  # when it arrives, its bytes, its mark
        self.free = 0.0
        self.queues, self.flights = [], []  # seconds: until the link is free, until the acknowledgement

    def unsent(self):
        """Bytes that have not arrived."""
        return round(max(0.0, self.free - self.now) * self.rate)

    def send(self, size):
        self.free = max(self.free, self.now) + size / self.rate
        self.queues.append(self.free - self.now)
        self.flights.append(self.free + self.latency - self.now)
        self.flying.append((self.free + self.latency, size, self.speed.sent(size)))

    def land(self):
        at, size, mark = self.flying.popleft()
        self.now = max(self.now, at)
        self.speed.acknowledged(size, mark)
        return size

    def drain(self, seconds, largest=50_000, window=16):
        """A backlog without an end; gives the bytes that arrived."""
        end, arrived = self.now + seconds, 0
        while self.now < end:
            while len(self.flying) < window and not self.speed.full(self.unsent()):
                self.send(min(largest, self.speed.message))
            arrived += self.wait()
        return arrived

    def wait(self):
        """Until an acknowledgement, or as long as a poll lasts; gives the bytes that arrived."""
        if self.flying[0][0] <= self.now + IDLE:
            return self.land()
        self.now += IDLE
        return 0


@pytest.mark.parametrize("rate", [600, 1200, 12_000, 120_000, 12_000_000])
@pytest.mark.parametrize("latency", [0.0, 0.05, 0.3, 1.5])
def test_a_link_is_busy_and_its_queue_is_short(rate, latency):
    link = Link(rate, latency)
    link.drain(60)
    link.queues.clear()
    arrived = link.drain(120)
    largest = min(50_000 * 16 / (latency or 1e-9), rate)  # what the window lets through
    assert arrived >= 0.95 * 120 * largest
    assert max(link.queues) <= 1.1 * (FLIGHT + latency)


@pytest.mark.parametrize("rate", [300, 1200, 100_000])
def test_an_acknowledgement_comes_long_before_its_deadline(rate):
    link = Link(rate, latency=0.3)
    link.drain(120)
    assert max(link.flights) <= 20.0


def test_a_fast_link_is_known_within_seconds():
    link = Link(10_000_000, latency=0.3)
    link.drain(3)
    assert link.speed.message >= 50_000


def test_a_link_that_becomes_slow_gets_short_messages_again():
    link = Link(1_000_000, latency=0.05)
    link.drain(10, largest=5000)
    link.rate = 1200
    link.drain(150, largest=5000)
    link.queues.clear()
    link.drain(60, largest=5000)
    assert max(link.queues) <= 1.1 * FLIGHT


def test_a_few_live_messages_do_not_make_a_fast_link_slow():
    link = Link(1_000_000, latency=0.3)
    link.drain(10)
    while link.flying:
        link.land()
    known = link.speed.rate
    for _ in range(1000):
        link.now += 1.0
        link.send(200)
        link.land()
    assert link.speed.rate == known


def test_a_broker_that_is_slow_to_answer_is_not_starved():
    link = Link(1_000_000, latency=10.0)
    assert link.drain(600) >= 600 / 10 * LEAST


def test_a_lost_word_of_the_broker_does_not_leave_the_link_idle():
    """The acknowledgements of a message in seven, and of all behind it, come five seconds late."""
    link = Link(1200)
    link.drain(60)
    began, arrived = link.now, 0
    for _ in range(10):
        arrived += link.drain(14)
        link.flying = deque((at + 5.0, size, mark) for at, size, mark in link.flying)
    assert arrived >= 0.95 * link.rate * (link.now - began)


def test_a_proxy_that_takes_everything_does_not_gather_a_long_queue():
    link = Link(1200)
    link.unsent = lambda: 0
    link.drain(120)
    assert max(link.queues) <= 1.1 * (MESSAGE + LATE)


def test_a_new_connection_begins_carefully():
    link = Link(1_000_000)
    link.drain(10)
    link.speed.restart()
    assert (link.speed.message, link.speed.under_way) == (MESSAGE * FIRST, 0)
