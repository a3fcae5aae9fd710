"""Back-off: a fleet comes back spread out, and no broker is flooded."""

from edge.pace import EASED, LONGEST, Backoff


def waits(seed, count):
    backoff = Backoff(seed)
    return [backoff.next() for _ in range(count)]


def arrivals(seed, outage):
    """When a node that lost its broker at 0 comes back after an outage, in seconds after its end."""
    backoff, at = Backoff(seed), 0.0
    while at < outage:
        at += backoff.next()
    return at - outage


def test_nodes_differ_and_one_node_is_the_same_again():
    assert waits("LP-1 city", 8) == waits("LP-1 city", 8)
    assert len({waits(f"LP-{number} city", 1)[0] for number in range(1000)}) > 750


def test_the_first_tries_are_quick():
    assert max(waits(f"LP-{number} city", 1)[0] for number in range(1000)) <= 1.0
    assert max(sum(waits(f"LP-{number} city", 4)) for number in range(1000)) <= 15.0


def test_a_thousand_nodes_come_back_over_five_minutes_and_never_together():
    back = sorted(arrivals(f"LP-{number} city", outage=3600.0) for number in range(1000))
    assert back[-1] - back[0] >= 300.0 and back[-1] <= LONGEST
    assert max(sum(second <= at < second + 1.0 for at in back) for second in range(int(LONGEST))) <= 20


def test_a_broker_that_hangs_up_is_asked_less_than_every_five_seconds():
    for eased in (False, True):
        pauses = []
        for number in range(200):
            backoff = Backoff(f"LP-{number} city")
            for _ in range(100):
                pauses.append(backoff.next())
                if eased:
                    backoff.ease()
        assert sum(pauses) / len(pauses) >= 5.0


def test_a_pause_that_is_asked_for_is_kept_and_spread():
    pauses = [Backoff(f"LP-{number} city").next(60.0) for number in range(200)]
    assert min(pauses) >= 60.0 and 110.0 < max(pauses) <= 120.0


def test_success_forgets_and_a_short_one_forgets_a_little():
    backoff = Backoff("LP-1 city")
    for _ in range(20):
        backoff.next()
    backoff.ease()
    assert max(backoff.next() for _ in range(1)) <= 2.0**EASED
    backoff.reset()
    assert backoff.next() <= 1.0
