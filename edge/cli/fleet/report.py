"""What a simulation showed, in numbers and in words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from edge.cli.fleet.plan import Plan
from edge.cli.receive.account import Account
from edge.cli.words import grouped, span


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of all do not exceed (nearest rank); 0 of none."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))] if ranked else 0.0


def judged(plan: Plan, crews: Sequence[Mapping[str, Any]], accounts: Mapping[str, Account]) -> dict[str, Any]:
    """The report. ``accounts`` are what the far end received."""
    nodes = [node for crew in crews for node in crew["nodes"]]
    moments = sorted(moment for crew in crews for moment in crew["connected"])
    back = [moment - plan.cut[1] for moment in moments if moment >= plan.cut[1]] if plan.cut else []
    taken = sum(node["taken"] for node in nodes)
    here = {node["node"]: accounts.get(node["node"], Account()).received for node in nodes}
    drained = [crew["drained"] for crew in crews]
    return {
        "nodes": len(nodes),
        "taken": taken,
        "received": sum(here.values()),
        "missing": sum(max(0, node["taken"] - here[node["node"]]) for node in nodes),
        "twice": sum(accounts[name].twice for name in here if name in accounts),
        "connections": len(moments),
        "most_a_second": max(Counter(int(moment) for moment in moments).values(), default=0),
        "back": {name: round(percentile(back, share), 1) for name, share in SHARES.items()},
        "spread": round(max(back, default=0.0) - min(back, default=0.0), 1),
        "drained": None
        if None in drained
        else round(max(drained, default=0.0) - (plan.cut[1] if plan.cut else 0.0), 1),
    }


SHARES = {"first": 0.0, "p50": 0.5, "p95": 0.95, "p99": 0.99, "last": 1.0}


def sentences(report: Mapping[str, Any]) -> list[str]:
    """The same for people."""
    account = ", ".join(f"{name} {grouped(report[name])}" for name in ("received", "twice", "missing"))
    lines = [
        f"{grouped(report['nodes'])} nodes took {grouped(report['taken'])} readings; {account}",
        f"{grouped(report['connections'])} connections, at most {report['most_a_second']} in one second",
    ]
    if report["spread"]:
        back = ", ".join(f"{name} {span(moment)}" for name, moment in report["back"].items())
        lines.append(f"back after the cut: {back}; spread over {span(report['spread'])}")
    drained = report["drained"]
    lines.append(
        "some readings were never acknowledged" if drained is None else f"all acknowledged after {span(drained)}"
    )
    return lines
