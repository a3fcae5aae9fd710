"""The far end: each reading once, in three forms of file, gaps told, receipts only for what is stored."""

import csv
import json
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.cli import main
from edge.cli.dial import Message
from edge.cli.receive import centre as centre_module
from edge.cli.receive.account import Account
from edge.cli.receive.centre import Centre
from edge.cli.receive.events import EventLines
from edge.cli.receive.store import COLUMNS, store
from edge.clock import Stamp
from edge.payload import Channels, load
from edge.reading import Batch, Reading
from tests.broker import NODE, Lab, config, needs_mosquitto, until


def account_of(*seqs, lost=()):
    account = Account()
    for seq in seqs:
        account.take(seq)
    for run in lost:
        account.lose(*run)
    return account


@pytest.mark.parametrize(
    ("seqs", "lost", "gaps", "declared", "twice"),
    [
        ((), (), [], 0, 0),
        ((1, 2, 3), (), [], 0, 0),
        ((5, 6, 9), (), [(7, 8)], 0, 0),
        ((3, 1, 2, 2, 3), (), [], 0, 2),
        ((1, 10), [(2, 5)], [(6, 9)], 4, 0),
        ((1, 10), [(0, 20)], [], 8, 0),
        ((1, 10, 20), [(4, 4), (12, 12)], [(2, 3), (5, 9), (11, 11), (13, 19)], 2, 0),
    ],
)
def test_what_is_missing_and_what_is_lost(seqs, lost, gaps, declared, twice):
    account = account_of(*seqs, lost=lost)
    assert (account.gaps, account.declared, account.twice) == (gaps, declared, twice)
    assert Account(account.as_dict()).as_dict() == account.as_dict()


@given(st.lists(st.integers(1, 60)), st.lists(st.tuples(st.integers(1, 60), st.integers(0, 9)), max_size=4))
def test_every_seq_between_is_received_declared_or_missing(seqs, lost):
    account = account_of(*seqs, lost=[(first, first + length) for first, length in lost])
    span = account.last - account.first + 1 if account.received else 0
    assert span == account.received + account.declared + account.missing
    assert account.received == len(set(seqs)) and account.twice == len(seqs) - len(set(seqs))


@pytest.mark.parametrize(
    ("seqs", "lost", "start", "upto"),
    [((1, 2, 3), (), 1, 3), ((2, 3), (), 1, 0), ((2, 3), (), 2, 3), ((2, 3), [(1, 1)], 1, 3), ((1, 3), (), 1, 1)],
)
def test_a_receipt_covers_only_what_is_here_or_lost_without_a_hole(seqs, lost, start, upto):
    assert account_of(*seqs, lost=lost).upto(start) == upto


class Dated:
    """A clock that knows every date, or none."""

    def __init__(self, utc):
        self._utc = utc

    def utc(self, stamp):
        return self._utc and self._utc + stamp.ticks

    def trust(self, stamp):
        return None

    def bounds(self, boot):
        from edge.clock import Bounds

        return Bounds(None, None)


def message(schema="senml+json", first=1, count=3, lane="live", channels=None, utc=10**18):
    readings = [
        (first + n if lane != "unstored" else 0, Reading("pm", "pm2_5", 11.5 + n, "ug/m3", Stamp("b", n * 10**9)))
        for n in range(count)
    ]
    payload = load(schema)(channels or Channels()).encode(Batch(NODE, readings, lane), Dated(utc))
    return Message(f"edge/{NODE}/readings", payload, {"schema": schema, "lane": lane}, False)


class Memory:
    """A store that remembers."""

    def __init__(self):
        self.records = []

    def add(self, records):
        self.records.extend(records)


def test_a_repeat_is_stored_once_and_a_copy_never():
    centre = Centre(memory := Memory(), {})
    centre.take("readings", NODE, message(first=1))
    centre.take("readings", NODE, message(first=2))
    centre.take("readings", NODE, message(lane="unstored"))
    assert [record.seq for record in memory.records] == [1, 2, 3, 4]
    account = centre.accounts[NODE]
    assert (account.received, account.twice, account.copies) == (4, 2, 3)


def test_rows_wait_for_the_inventory_they_need():
    channels, centre = Channels(), Centre(memory := Memory(), {})
    rows = message("rows", channels=channels)
    centre.take("readings", NODE, rows)
    assert memory.records == []
    inventory = json.dumps(channels.as_dict()).encode()
    centre.take("inventory", NODE, Message("", inventory, {}, True))
    assert next((record.seq, record.quantity, record.value) for record in memory.records) == (1, "pm2_5", 11.5)


def test_a_receiver_that_ends_at_any_moment_keeps_what_waits_and_the_inventories_it_knows():
    channels, before = Channels(), Centre(Memory(), {})
    before.take("readings", NODE, message("rows", channels=channels))
    first = json.dumps(channels.as_dict()).encode()
    saved = json.loads(json.dumps(before.as_dict()))
    second = Centre(memory := Memory(), saved)
    second.take("inventory", NODE, Message("", first, {}, True))
    assert [record.seq for record in memory.records] == [1, 2, 3]
    third = Centre(memory := Memory(), json.loads(json.dumps(second.as_dict())))
    third.take("readings", NODE, message("rows", first=3, channels=channels))
    assert [record.seq for record in memory.records] == [4, 5]


def test_what_waits_is_bounded_and_what_goes_is_counted(monkeypatch):
    monkeypatch.setattr(centre_module, "HELD", 2)
    channels, centre = Channels(), Centre(memory := Memory(), {})
    for first in (1, 4, 7):
        centre.take("readings", NODE, message("rows", first=first, channels=channels))
    assert centre.unreadable == 1
    centre.take("inventory", NODE, Message("", json.dumps(channels.as_dict()).encode(), {}, True))
    assert [record.seq for record in memory.records] == [4, 5, 6, 7, 8, 9]


@pytest.mark.parametrize("payload", [b"[", b"x\x9cbroken", b'[{"n":1}]', b"\xff" * 9, b'{"a":NaN}'])
def test_what_cannot_be_read_is_counted_and_stops_nothing(payload):
    centre = Centre(Memory(), {})
    centre.take("readings", NODE, Message("", payload, {}, False))
    centre.take("readings", NODE, Message("", payload, {"schema": "unheard"}, False))
    centre.take("event", NODE, Message("", payload, {}, False))
    assert centre.unreadable == 2


def test_gaps_that_the_node_tells_are_no_loss_without_account():
    centre = Centre(Memory(), {})
    centre.take("readings", NODE, message(first=1))
    centre.take("readings", NODE, message(first=9))
    gap = {"event": "gap", "first": 4, "last": 6}
    centre.take("event", NODE, Message("", json.dumps(gap).encode(), {}, False))
    assert centre.accounts[NODE].gaps == [(7, 8)] and centre.accounts[NODE].declared == 3
    assert centre.receipts(1) == {NODE: 6} and centre.receipts(1) == {}


@pytest.mark.parametrize(
    ("words", "lost"),
    [
        ({"destination": "city", "via": "city"}, [(4, 6)]),
        ({"destination": "lab", "via": "city"}, []),  # it is the lab that will not get them
        ({"via": "city"}, [(4, 6)]),  # a void seq nobody gets
        ({"destination": "city"}, [(4, 6)]),  # a node that does not say to whom it speaks
    ],
)
@pytest.mark.parametrize("kind", ["gap", "refused"])
def test_only_what_this_destination_will_not_get_closes_a_hole(kind, words, lost):
    centre = Centre(Memory(), {})
    for first in (1, 7):
        centre.take("readings", NODE, message(first=first))
    event = {"event": kind, "first": 4, "last": 6} | words
    centre.take("event", NODE, Message("", json.dumps(event).encode(), {}, False))
    assert centre.accounts[NODE].gaps == ([] if lost else [(4, 6)])
    assert centre.receipts(1) == {NODE: 9 if lost else 3}


def test_a_node_that_counts_anew_is_told(caplog):
    centre = Centre(Memory(), {})
    event = {"event": "receipt", "destination": "city", "via": "city", "upto": 90000, "taken": 30}
    centre.take("event", NODE, Message("", json.dumps(event).encode(), {}, False))
    assert f"{NODE} counts anew and is at 30" in caplog.text


@pytest.mark.parametrize(
    "more", [{}, {"first": 4}, {"first": "4", "last": 6}, {"first": 6, "last": 4}, {"first": -9, "last": 9}]
)
def test_a_gap_that_makes_no_sense_is_none(more):
    centre = Centre(Memory(), {})
    centre.take("readings", NODE, message(first=1))
    centre.take("event", NODE, Message("", json.dumps({"event": "gap"} | more).encode(), {}, False))
    assert centre.accounts[NODE].as_dict()["lost"] == []


def test_a_repeat_is_answered_with_the_receipt_again():
    centre = Centre(Memory(), {})
    centre.take("readings", NODE, message(first=1))
    assert centre.receipts(1) == {NODE: 3} and centre.receipts(1) == {}
    centre.take("readings", NODE, message(first=3, count=1, lane="replay"))  # the node has not heard of it
    assert centre.receipts(1) == {NODE: 3} and centre.receipts(1) == {}


def test_all_forms_hold_the_same(tmp_path):
    records = list(load("senml+json").decode(message().payload, {}))
    for name in ("a.jsonl", "a.csv", "a.sqlite"):
        for _ in range(2):  # an existing file goes on
            place = store(tmp_path / name, None)
            place.add(records[:1])
            place.close()
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert lines[0] == lines[1] and lines[0]["value"] == 11.5 and lines[0]["node"] == NODE
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 and tuple(rows[0]) == COLUMNS and rows[0]["value"] == "11.5"
    found = sqlite3.connect(tmp_path / "a.sqlite").execute("SELECT seq, value, unit FROM readings").fetchall()
    assert found == [(1, 11.5, "ug/m3")]


def test_what_nodes_tell_goes_into_a_file_of_its_own_and_a_torn_line_is_cut(tmp_path):
    file = tmp_path / "events.jsonl"
    file.write_bytes(b'{"node": "LP-T", "event": "restart"}\n{"node": "LP')
    centre = Centre(Memory(), {}, told := EventLines(file))
    for payload in (b'{"event": "command", "key": "ops"}', b"no event"):
        centre.take("event", NODE, Message("", payload, {}, False))
    told.close()
    assert [json.loads(line) for line in file.read_text().splitlines()] == [
        {"node": "LP-T", "event": "restart"},
        {"node": "LP-T", "event": "command", "key": "ops"},
    ]


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.sqlite"])
def test_what_stands_in_the_file_behind_the_account_is_found_and_a_torn_line_is_cut(tmp_path, name):
    records = list(load("senml+json").decode(message(count=4).payload, {}))
    place = store(tmp_path / name, None)
    place.add(records[:2])
    place.sync()
    size = place.size
    place.add(records[2:3])  # it was killed before it could keep the account of this one
    place.close()
    if name != "a.sqlite":
        with (tmp_path / name).open("ab") as file:
            file.write(b'{"node": "LP-T", "se')
    again = store(tmp_path / name, None)
    assert list(again.recovered(size)) == [(NODE, 3)]
    assert again.size > size
    again.add(records[3:])
    again.close()
    last = store(tmp_path / name, None)
    assert list(last.recovered(0)) == [(NODE, seq) for seq in (1, 2, 3, 4)]
    assert list(last.recovered(last.size)) == []
    last.close()


@pytest.mark.broker
@needs_mosquitto
def test_a_node_is_received_into_a_file_with_receipts(tmp_path, capsys):
    file = tmp_path / "all.sqlite"
    with Lab(tmp_path) as lab:
        broker = lab.broker(persistent=True)
        receive = ["receive", str(file), "--broker", f"127.0.0.1:{broker.port}", "--receipts", "--json"]
        assert main([*receive, "--seconds", "0.1"]) == 0  # the session stands, nothing published now is lost
        sensor = 'air sht3x sim:// interval="50ms"'
        node = lab.node(config(broker.port, sensor, more='custody = "receipt"\npayload = "rows"\ncompress = "deflate"'))
        node.ready()
        assert main([*receive, "--until", "60", "--seconds", "60"]) == 0
        assert main([*receive, "--until", "120", "--seconds", "60"]) == 0
        capsys.readouterr()
        assert main([*receive, "--until", "180", "--seconds", "60"]) == 0
        report = json.loads(capsys.readouterr().out)["nodes"][NODE]
        assert report["first"] == 1 and report["missing"] == 0 and report["received"] >= 180
        assert until(lambda: node.status()["uplinks"][0]["delivered"] >= 120), node.status()["uplinks"]
        seqs = sqlite3.connect(file).execute("SELECT seq FROM readings ORDER BY seq").fetchall()
        assert [seq for (seq,) in seqs] == list(range(1, len(seqs) + 1))


def test_without_a_broker_it_says_what_to_do(capsys):
    assert main(["receive", "--broker", "127.0.0.1:1", "--seconds", "1"]) == 69
    assert "no broker for us at 127.0.0.1:1 (without TLS): Connection refused. Do: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--receipts"], "Do: give a FILE"),
        (["--topic", "edge/all"], "lacks a level {node} or {channel}. Do: edge/{node}/{channel}"),
        (
            ["--username", "centre", "--password-file", "nowhere"],
            "--password-file nowhere cannot be used: No such file",
        ),
        (["--ca-file", "nowhere"], "--ca-file nowhere cannot be used: No such file"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anybody_is_called(words, why, capsys):
    assert main(["receive", *words, "--broker", "127.0.0.1:1"]) == 64
    assert why in capsys.readouterr().err
