"""What the report on a simulated fleet says."""

import pytest

from edge.cli import main
from edge.cli.fleet.plan import Plan
from edge.cli.fleet.report import judged, percentile, sentences
from edge.cli.receive.account import Account

PLAN = Plan("127.0.0.1", 1883, 2, 10, 5, (60.0, 120.0), 200, 300, 1.0, "fleet")


def node(name, taken):
    return {"node": name, "taken": taken, "delivered": taken, "waiting": 0, "evicted": 0, "refused": 0, "sent": taken}


def accounts(**counts):
    made = {}
    for name, count in counts.items():
        made[name] = Account()
        for seq in range(1, count + 1):
            made[name].take(seq)
    return made


def test_the_report_counts_what_is_missing_and_how_the_fleet_came_back():
    crews = [
        {"nodes": [node("a", 5)], "connected": [0.5, 130.0], "drained": 140.0},
        {"nodes": [node("b", 7)], "connected": [0.7, 180.0], "drained": 190.0},
    ]
    report = judged(PLAN, crews, accounts(a=5, b=6))
    assert (report["taken"], report["received"], report["missing"], report["connections"]) == (12, 11, 1, 4)
    assert (report["most_a_second"], report["spread"], report["drained"]) == (2, 50.0, 70.0)
    assert report["back"]["first"] == 10.0 and report["back"]["last"] == 60.0
    assert any("missing 1" in line for line in sentences(report))
    crews[0]["drained"] = None
    assert judged(PLAN, crews, accounts())["drained"] is None


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.5, 3), (0.95, 4), (1.0, 4)])
def test_percentiles_are_values_that_were_seen(share, value):
    assert percentile([4, 1, 3, 2], share) == value


def test_a_cut_that_is_none_is_refused(capsys):
    assert main(["fleet", "simulate", "--cut", "9", "--broker", "127.0.0.1:1"]) == 64
    assert "--cut" in capsys.readouterr().err
