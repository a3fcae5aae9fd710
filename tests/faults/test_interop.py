"""The whole chain over real brokers: what each keeps, and what happens when it, or a node of its cluster, dies.

A node with simulated sensors, ``edge receive`` as the centre with a session that outlives its connection, TLS and
access lists as in ``docs/how-to/brokers.md``. EDGE_BACKLOG readings wait where a backlog drains (5,000; 20,000 for the
whole).
"""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from argparse import ArgumentParser

import pytest

from edge.cli import main
from edge.cli.dial import Line, add_broker
from edge.clock import Clock
from edge.outbox.outbox import Outbox
from edge.reading import Reading
from tests.broker import NODE, QUIET, RUN, NodeProcess, until
from tests.faults.brokers import CENTRE, KINDS
from tests.faults.figures import SHORT
from tests.waiting import PATIENCE

pytestmark = pytest.mark.faults

BACKLOG = int(os.environ.get("EDGE_BACKLOG", "5000"))
DRAIN = 8  # seconds that a backlog takes
VICTIMS = (  # whose server of three dies, to which the centre is connected, and what lets a reading go
    ("both's", 0, "puback"), ("centre's", 2, "receipt"), ("node's", 1, "puback"), ("a third", 1, "receipt"),
)[: 1 if SHORT else 4]  # fmt: skip
CONFIG = """
[node]
id = "{node}"
[outbox]
limit = "64MB"
flush = "100ms"
[commands]
keys_file = "ops.pub"
allow = ["ping", "replay"]
[[uplink]]
name = "city"
hosts = {hosts}
port = {port}
ca_file = "{ca}"
username = "{node}"
password_file = "{password}"
payload = "rows"
compress = "deflate"
{more}
[[sensor]]
name = "air"
driver = "sht3x"
port = "sim://"
interval = "50ms"
[[rule]]
name = "warm"
[[rule.when]]
sensor = "air"
quantity = "temperature"
above = -50.0
"""


def kinds(*, cluster=False):
    return [
        pytest.param(kind, id=kind.__name__, marks=pytest.mark.skipif(bool(kind.missing), reason=str(kind.missing)))
        for kind in KINDS
        if kind.cluster or not cluster
    ]


class Centre:
    """``edge receive`` in a process of its own."""

    def __init__(self, folder, brokers, first=0):
        """Its session stands when this returns, so that nothing is published to nobody."""
        self._file = folder / "city.sqlite"
        self._log_file = folder / "centre.log"
        self._log = self._log_file.open("ab")
        self.words = dial(brokers, first)
        self._start("--seconds", "0.1").communicate(timeout=PATIENCE)
        self._process = self._start()

    @property
    def received(self):
        """Readings that are on its disk."""
        return sum(last - first + 1 for first, last in self._here())

    def has(self, upto):
        """Whether all up to a seq are there."""
        return any(first == 1 and upto <= last for first, last in self._here())

    def reached(self, seq):
        """Whether this one is there."""
        return any(first <= seq <= last for first, last in self._here())

    def gaps(self):
        """The runs between 1 and the last seq that are not there."""
        at = 1
        for first, last in sorted(self._here()):
            if first > at:
                yield at, first - 1
            at = last + 1

    def ended(self):
        """What it reports when it is asked to stop."""
        self._process.send_signal(signal.SIGTERM)
        return json.loads(self._process.communicate(timeout=PATIENCE)[0])["nodes"][NODE]

    def stored(self):
        with contextlib.closing(sqlite3.connect(self._file)) as found:
            return {seq for (seq,) in found.execute("SELECT seq FROM readings")}

    def kill(self):
        self._process.kill()
        self._process.wait()
        self._log.close()

    @property
    def log(self):
        return self._log_file.read_text()[-3000:]

    def _here(self):
        account = self._file.with_name("city.sqlite.account")
        nodes = json.loads(account.read_text())["nodes"] if account.exists() else {}
        return nodes.get(NODE, {}).get("here", ())

    def _start(self, *more):
        command = [sys.executable, "-c", RUN, "receive", str(self._file), *self.words, "--receipts", "--json", *more]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self._log, env=QUIET)


def dial(brokers, first=0):
    """The words that call these brokers as the centre, the one that is asked first in front."""
    places = brokers.addresses.split(",")
    words = ["--broker", ",".join(places[first:] + places[:first]), "--ca-file", str(brokers.authority.file)]
    return [*words, "--username", CENTRE, "--password-file", str(brokers.secret(CENTRE))]


class Station:
    """Brokers, a centre and a node that is ready to start."""

    def __init__(self, folder, kind, ends, *, size=1, centre=0, more=""):
        self.folder = folder
        self.brokers = ends.enter_context(kind(folder, size))
        self.centre = Centre(folder, self.brokers, centre)
        ends.callback(self.centre.kill)
        assert main(["command", "new-key", str(folder / "ops.key")]) == 0
        about = {"hosts": json.dumps(self.brokers.hosts), "port": self.brokers.port, "ca": self.brokers.authority.file}
        about |= {"password": self.brokers.secret(NODE), "more": more}
        self.node = NodeProcess(folder, CONFIG.format(node=NODE, **about))
        ends.callback(lambda: self.node.process and self.node.process.poll() is None and self.node.kill())

    def fill(self, count):
        """A backlog on the card, of this boot."""
        now, outbox = Clock().now(), Outbox(self.node.state / "outbox")
        for first in range(0, count, 5000):
            numbers = range(first, min(count, first + 5000))
            outbox.put([Reading("old", "level", float(n), "m", now._replace(ticks=now.ticks + n)) for n in numbers])
        outbox.close()

    @property
    def uplink(self):
        return (self.node.status() or {"uplinks": [{}]})["uplinks"][0]

    def connected(self):
        return self.uplink.get("state") == "connected"

    def told(self):
        """What both ends say, where something did not come."""
        return f"{self.uplink}\n{self.node.log[-3000:]}\n{self.centre.received} received\n{self.centre.log}"

    def longest_silence(self, count, seconds=PATIENCE):
        """Seconds in which nothing new arrived, the longest of all until so many readings are there."""
        end = time.monotonic() + seconds
        longest, grew, last = 0.0, time.monotonic(), self.centre.received

        def more():
            return self.centre.received > last

        while last < count and until(more, end - time.monotonic()):
            last, now = self.centre.received, time.monotonic()
            longest, grew = max(longest, now - grew), now
        return longest

    def replayed(self):
        """Asks the node again for what its broker has lost, as an operator would: how many readings those were."""
        assert until(lambda: self.connected() and self.centre.reached(BACKLOG))  # the end of the backlog
        gaps = list(self.centre.gaps())
        for first, last in gaps:
            words = ["replay", f"first={first}", f"last={last}", "--key", str(self.folder / "ops.key"), "--wait", "120"]
            assert main(["command", "send", NODE, *words, *dial(self.brokers)]) == 0
        return sum(last - first + 1 for first, last in gaps)

    def settled(self, seconds=PATIENCE):
        """Waits until the centre has all that was taken until now, or not; its account, with what it lacks of that.

        What is taken later may still be under way when both end.
        """
        assert until(lambda: "taken" in self.uplink), self.node.log[-3000:]
        taken = self.uplink["taken"]  # no seq is left out, so this is the last one
        until(lambda: self.centre.has(taken), seconds)
        assert self.node.terminate() == 0
        account = self.centre.ended()
        return {"taken": taken, "lost": sorted(set(range(1, taken + 1)) - self.centre.stored()), **account}


@pytest.fixture
def station(tmp_path):
    with contextlib.ExitStack() as ends:
        yield lambda kind, **more: Station(tmp_path, kind, ends, **more)


def figures(got):
    return f"taken {got['taken']}, received {got['received']}, missing {len(got['lost'])}, twice {got['twice']}"


@pytest.mark.parametrize("kind", kinds())
def test_all_channels_work_on_every_broker(station, kind, capsys):
    it = station(kind, more='custody = "receipt"')
    it.node.start()
    it.node.ready()
    assert until(it.connected), it.node.log
    words = ArgumentParser()
    add_broker(words)
    heard = {}
    with Line(words.parse_args(dial(it.brokers)), "late") as late:
        for channel in ("status", "inventory", "alarms", "health"):
            late.subscribe(f"edge/{NODE}/{channel}")
        assert until(lambda: late_message(late, heard, "inventory")), heard
        assert heard["status"].retained and json.loads(heard["status"].payload)["status"] == "online"
        assert heard["inventory"].retained
        capsys.readouterr()
        command = ["command", "send", NODE, "ping", "--key", str(it.folder / "ops.key"), "--wait", "120", "--json"]
        assert main([*command, *dial(it.brokers)]) == 0
        assert json.loads(capsys.readouterr().out)["result"]["last"] > 0
        assert until(lambda: it.uplink["delivered"] > 100), it.uplink  # the centre's receipts arrive
        it.node.kill()
        assert until(lambda: late_message(late, heard, "status", b"offline")), heard["status"]
    it.node.start()
    got = it.settled()
    print(f"{kind.__name__}: birth, will, inventory, ping and receipts; {figures(got)}")
    assert not got["lost"] and got["first"] == 1


def late_message(line, heard, channel, containing=b""):
    if (message := line.next(0.1)) is not None:
        heard[message.topic.rpartition("/")[2]] = message
    return channel in heard and containing in heard[channel].payload


@pytest.mark.parametrize("how", ["kill"] if SHORT else ["kill", "stop"])
@pytest.mark.parametrize("kind", kinds())
def test_a_broker_that_starts_again_costs_nothing(station, kind, how):
    custody = "puback" if kind.keeps or how == "stop" else "receipt"
    it = station(kind, more=f'custody = "{custody}"\nrate = "{BACKLOG // DRAIN}/s"\nbatch = 100')
    it.fill(BACKLOG)
    it.node.start()
    assert until(lambda: it.centre.received > BACKLOG // 4), it.told()
    getattr(it.brokers, how)(0)
    before = it.centre.received
    it.brokers.start(0)
    assert until(lambda: it.centre.received > before), it.told()
    holes = 0 if kind.keeps or how == "stop" else it.replayed()
    got = it.settled()
    what = f"{kind.__name__}, {how} with {before} of {BACKLOG} there, custody {custody}"
    print(f"{what}: {figures(got)}, {holes} asked for again")
    assert not got["lost"]


@pytest.mark.parametrize(("victim", "centre", "custody"), VICTIMS)
@pytest.mark.parametrize("kind", kinds(cluster=True))
def test_a_node_of_a_cluster_dies_while_a_backlog_drains(station, kind, victim, centre, custody):
    it = station(kind, size=3, centre=centre, more=f'custody = "{custody}"\nrate = "{BACKLOG // DRAIN}/s"\nbatch = 100')
    it.fill(BACKLOG)
    it.node.start()
    assert until(lambda: it.centre.received > BACKLOG // 4), it.told()
    which = {"node's": 0, "both's": 0, "centre's": centre, "a third": 2}[victim]
    it.brokers.kill(which)
    before, silence = it.centre.received, it.longest_silence(BACKLOG)
    got = it.settled()
    what = f"{kind.__name__} x3, {victim} node killed with {before} of {BACKLOG} there, custody {custody}"
    print(f"{what}: {figures(got)}; longest silence {silence:.1f} s")
    assert not got["lost"]
