"""Alarms on a node that is killed, and behind a backlog: at the listener of a real broker within two seconds.

EDGE_ROUNDS kills (5). EDGE_BACKLOG readings wait when the node starts (100,000; a fifth of them where EDGE_ROUNDS makes
the tests short), and are let go so slowly that some of them still wait when the last alarm comes.
"""

import os

import pytest

from edge.clock import Clock
from edge.outbox.outbox import Outbox
from edge.reading import Reading
from edge.state import State
from tests.broker import Lab, config, needs_mosquitto, until
from tests.faults.figures import SHORT, figure

pytestmark = [pytest.mark.faults, pytest.mark.broker, needs_mosquitto]

ROUNDS = int(os.environ.get("EDGE_ROUNDS", "5"))
BACKLOG = int(os.environ.get("EDGE_BACKLOG", "20000" if SHORT else "100000"))
ALARMS = 10
LIMIT = 2.0  # seconds
DRAIN = 20  # seconds that the backlog takes at least
RULE = """
[[rule]]
name = "rule-{n}"
for = "{after}ms"
[[rule.when]]
sensor = "air"
quantity = "temperature"
above = -50.0
"""


def fill(folder):
    """A card with readings of this boot that nobody has had yet."""
    now = Clock().now()
    outbox = Outbox(folder / "outbox")
    for first in range(0, BACKLOG, 5000):
        numbers = range(first, min(BACKLOG, first + 5000))
        outbox.put([Reading("old", "level", float(n), "m", now._replace(ticks=now.ticks + n)) for n in numbers])
    outbox.close()


def kept(node):
    """How the alarms stand in the state file."""
    return State(node.state / "state.json").load("rules").get("standings", {})


def test_a_node_that_is_killed_neither_raises_again_nor_forgets(tmp_path):
    with Lab(tmp_path) as lab:
        text = config(9, 'air sht3x sim:// interval="100ms"') + RULE.format(n=0, after=0)
        node = lab.node(text)
        assert until(lambda: kept(node).get("rule-0", {}).get("raised")), node.log
        for _ in range(ROUNDS):
            node.kill()
            node.start()
            good = until(lambda: (status := node.status()) and status["sensors"][0]["good"] > 5 and status)
            assert good["alarms"][0]["raised"]
        assert node.terminate() == 0
        outbox = Outbox(node.state / "outbox")
        raised = [
            reading for _, reading in outbox.reader(alarm=True).read(1, outbox.last, 1000) if reading.device == "rule-0"
        ]
        outbox.close()
        print(f"{ROUNDS} x SIGKILL while an alarm stood: raised {len(raised)} time, cleared 0 times")
        assert [reading.value for reading in raised] == [1.0]


def test_alarms_overtake_a_backlog(tmp_path):
    with Lab(tmp_path) as lab:
        broker = lab.broker()
        listener = lab.listener(broker)
        text = config(
            broker.port, 'air sht3x sim:// interval="100ms"', more=f'rate = "{BACKLOG // DRAIN}/s"', flush="1s"
        )
        node = lab.node(text + "".join(RULE.format(n=n, after=2000 + 700 * n) for n in range(ALARMS)), start=False)
        fill(node.state)
        node.start()
        raised = [f"rule-{n}" for n in range(ALARMS)]
        assert listener.until(lambda heard: raised[-1] in {record.device for record in heard.records}), node.log
        records, delays = list(listener.records), list(listener.delays)
        late = {r.device: delay for r, delay in zip(records, delays, strict=False) if r.quantity == "alarm"}
        assert sorted(late) == raised
        figure(f"the latest of {ALARMS} alarms behind {BACKLOG} readings", max(late.values()), most=LIMIT)
        old = {record.seq for record in records if record.device == "old"}
        figure("readings that still waited then", BACKLOG - len(old), "", least=1)
        assert until(lambda: listener.seqs.issuperset(range(1, BACKLOG + 1)))
        assert len({record.seq for record in listener.records if record.quantity == "alarm"}) == ALARMS
