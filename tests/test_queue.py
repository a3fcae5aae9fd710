"""``edge queue`` on an outbox at rest, and against a running node."""

import json
import os

import pytest

from edge.cli import main
from edge.cli.journal import commits_every
from edge.clock import Anchor, Stamp
from edge.outbox.outbox import Outbox
from edge.outbox.segment import path_of
from edge.reading import MISSING, Reading
from edge.state import State
from tests.broker import Lab, config, needs_mosquitto, resolved, until

SENSOR = 'air sht3x sim:// interval="50ms"'


def reading(number):
    return Reading("pm", "pm2_5", float(number), "ug/m3", Stamp("boot", number * 10**9))


@pytest.fixture
def state(tmp_path):
    outbox = Outbox(tmp_path / "outbox", limit=1 << 20, segment=1 << 14)
    for start in range(0, 1500, 100):
        outbox.put([reading(number) for number in range(start, start + 100)])
    outbox.put([reading(7)], alarm=True)
    outbox.put([reading(8)._replace(value=None, quality=MISSING)])
    outbox.close()
    return tmp_path


def test_verify_reads_every_record(state, capsys):
    assert main(["queue", "--state", str(state), "verify"]) == 0
    assert "1 502 readings in 3 segments, seq 1..1502" in capsys.readouterr().out


def test_verify_names_what_is_missing(state, capsys):
    path = path_of(state / "outbox", 1)
    damaged = bytearray(path.read_bytes())
    damaged[5000] ^= 4
    path.write_bytes(damaged)
    assert main(["queue", "--state", str(state), "--json", "verify"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["whole"], told["readings"]) == (False, 1501)
    ((first, last),) = told["holes"]
    assert first == last


def test_export_as_lines_and_as_a_sheet(state, capsys):
    assert main(["queue", "--state", str(state), "export", str(state / "out.jsonl")]) == 0
    rows = [json.loads(line) for line in (state / "out.jsonl").read_text().splitlines()]
    assert {row["seq"] for row in rows} == set(range(1, 1503))
    (missing,) = [row for row in rows if row["seq"] == 1502]
    assert (missing["value"], missing["level"], missing["reasons"]) == (None, 9, "comm_error")
    assert main(["queue", "--state", str(state), "export", str(state / "out.csv")]) == 0
    assert len((state / "out.csv").read_text().splitlines()) == 1503
    assert "1 502 readings" in capsys.readouterr().err


def test_export_has_dates_where_the_node_knew_them(state, capsys):
    anchor = Anchor("boot", 0, 1_795_600_000 * 10**9, "ntp", 0.01)
    State(state / "state.json").save("clock", {"anchors": [anchor.as_dict(), {"boot": 3}]})
    outbox = Outbox(state / "outbox", limit=1 << 20, segment=1 << 14)
    outbox.put([reading(9)._replace(at=Stamp("earlier", 5))])
    outbox.close()
    assert main(["queue", "--state", str(state), "export", str(state / "out.jsonl")]) == 0
    times = {row["seq"]: row["time"] for row in map(json.loads, (state / "out.jsonl").read_text().splitlines())}
    assert (times[1], times[3], times[1503]) == (1_795_600_000.0, 1_795_600_002.0, None)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["export", "taken.csv"], 73, "exists"),
        (["replay", "5"], 64, "A..B"),
        (["replay", "1..5"], 69, "edge run"),
    ],
)
def test_every_refusal_says_what_to_do(state, capsys, monkeypatch, words, code, says):
    monkeypatch.chdir(state)
    (state / "taken.csv").touch()
    assert main(["queue", "--state", str(state), *words]) == code
    assert says in capsys.readouterr().err


def test_no_outbox_is_told(tmp_path, capsys):
    assert main(["queue", "--state", str(tmp_path / "nothing"), "verify"]) == 74
    assert "--state" in capsys.readouterr().err


@pytest.mark.broker
@needs_mosquitto
def test_a_running_node_accounts_for_everything_and_replays(tmp_path, capsys):
    with Lab(tmp_path) as lab:
        broker = lab.broker()
        listener = lab.listener(broker)
        node = lab.node(config(broker.port, SENSOR))
        listener.until(lambda heard: len(heard.seqs) >= 40)
        assert main(["queue", "--state", str(node.state)]) == 0
        assert "every reading is accounted for" in capsys.readouterr().out
        assert main(["queue", "--state", str(node.state), "replay", "1..10"]) == 0
        for words, why in (
            (["5..2"], "the seqs 5..2 are not all in 1.."),
            (["1..2", "--to", "moon"], "no uplink 'moon'"),
        ):
            assert main(["queue", "--state", str(node.state), "replay", *words]) == 64
            assert why in capsys.readouterr().err
        again = until(lambda: [m for m in listener.on("readings") if m.properties.get("lane") == "replay"])
        assert {record.seq for message in again for record in resolved(message.payload)} == set(range(1, 11))


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("24 1 {} / / rw,relatime shared:1 - ext4 /dev/mmcblk0p2 rw,lazytime", 5),
        ("31 1 {} / /var/lib/edge rw - ext4 /dev/mmcblk0p3 rw,commit=60,discard", 60),
        ("31 1 {} / / rw - overlay overlay rw,lowerdir=/a", None),
        ("31 1 0:9999 / / rw - ext4 /dev/sda1 rw", None),
        ("", None),
    ],
)
def test_how_often_the_journal_is_written(tmp_path, told, seconds):
    device = tmp_path.stat().st_dev
    (tmp_path / "mountinfo").write_text(told.format(f"{os.major(device)}:{os.minor(device)}"))
    assert commits_every(tmp_path, tmp_path / "mountinfo") == seconds
