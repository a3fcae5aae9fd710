"""One run of the demo: what happens when, who sees it, and what is said at the end."""

import json
import signal
import sys
from argparse import Namespace
from collections.abc import Callable
from typing import Any

from edge.cli import exits, words
from edge.cli.demo.keys import Keys
from edge.cli.demo.proof import Proof
from edge.cli.demo.stage import Stage

TURN = 0.25  # seconds between two looks
LINE = 5.0  # seconds between two lines of progress

Plan = list[tuple[float, str, Callable[[], None]]]  # seconds after the start, what, how


def run(given: Namespace, unwatched: float) -> int:
    """0 when every reading arrived, 1 when not; lasts ``unwatched`` seconds where nobody watches."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that everything is taken down
    shown = sys.stdout.isatty() and not given.headless and not given.json
    seconds = given.seconds if given.seconds is not None else None if shown else unwatched
    with Stage(given.broker) as stage:
        play = _shown if shown else _told
        play(stage, _plan(stage, given), seconds)
        lasted = stage.seconds
        _tell("sampling has ended, the rest is on its way ...")
        proof = stage.finish()
        _close(stage, proof, lasted, as_json=given.json)
    return exits.OK if proof.holds else exits.FAILED


def _plan(stage: Stage, given: Namespace) -> Plan:
    plan: Plan = []
    if given.cut_link:
        plan += [(given.cut_link[0], "the link is cut", stage.link.cut)]
        plan += [(given.cut_link[1], "the link is back", stage.link.restore)]
    if given.kill is not None:
        plan.append((given.kill, "the node is killed and starts again", stage.pull_power))
    return sorted(plan, key=lambda item: item[0])


def _follow(stage: Stage, plan: Plan) -> list[str]:
    """Does what is due; returns what that was."""
    done = []
    while plan and stage.seconds >= plan[0][0]:
        _, what, action = plan.pop(0)
        action()
        done.append(what)
    return done


def _told(stage: Stage, plan: Plan, seconds: float | None) -> None:
    """A line now and then, for logs."""
    next_line = 0.0
    with Keys() as keys:
        while seconds is None or stage.seconds < seconds:
            for deed in _follow(stage, plan):
                _tell(f"{stage.seconds:5.1f} s  {deed}")
            stage.look()
            if stage.seconds >= next_line and stage.notes.first_value is not None:
                next_line = stage.seconds + LINE
                _tell(progress(stage))
            if keys.read(TURN) == "q":
                return


def _shown(stage: Stage, plan: Plan, seconds: float | None) -> None:
    """The live table, until ``q`` or the end of the time."""
    try:
        from rich.live import Live

        from edge.cli.demo import table
    except ImportError:
        what = "the table needs rich, which is not installed"
        raise exits.Failure(f"{what}. Do: pip install 'edge-gateway[demo]', or --headless", 69) from None
    report = ""
    screen = table.console()
    with Keys() as keys, Live(console=screen, auto_refresh=False) as live:
        while seconds is None or stage.seconds < seconds:
            _follow(stage, plan)
            stage.look()
            live.update(table.view(stage, screen, report), refresh=True)
            key = keys.read(TURN)
            if key == "q":
                return
            report = _report(stage) if key == "r" else report
            _actions(stage).get(key, lambda: None)()


def _actions(stage: Stage) -> dict[str, Callable[[], None]]:
    return {"l": stage.toggle_link, "d": stage.hurt, "p": stage.pull_power, "t": stage.step_clock}


def progress(stage: Stage) -> str:
    """One line on how it goes."""
    status = stage.notes.status
    if status is None or not stage.answers:
        return f"{stage.seconds:5.1f} s  node is starting"
    uplink, well = status["uplinks"][0], sum(sensor["health"] == "ok" for sensor in status["sensors"])
    line = f"{stage.seconds:5.1f} s  {well} of {len(status['sensors'])} sensors ok, uplink {uplink['state']}"
    line += f", taken {status['outbox']['last']}, received {len(stage.receiver.inbox.records)}"
    return f"{line}, waiting {uplink['waiting']}, RAM {words.size(status['process']['rss'])}"


def _report(stage: Stage) -> str:
    events = ", ".join(f"{kind} {count}" for kind, count in stage.receiver.inbox.events.items()) or "none"
    return f" REPORT  {progress(stage).strip()}; events: {events}; cuts {stage.link.cuts}, kills {stage.power.kills}"


def _close(stage: Stage, proof: Proof, lasted: float, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(_summary(stage, proof, lasted)))
    else:
        print(words.said(" " + proof.line(stage.power.kills, stage.link.cuts), sys.stdout))
    if not proof.holds:
        _tell(f"the proof fails; the end of the node's log:\n{stage.talk}")


def _summary(stage: Stage, proof: Proof, lasted: float) -> dict[str, Any]:
    inbox, notes = stage.receiver.inbox, stage.notes
    return {
        "node": stage.node,
        "broker": f"{stage.broker[0]}:{stage.broker[1]}",
        "ok": proof.holds,
        "taken": proof.taken,
        "received": proof.received,
        "missing": proof.missing,
        "missing_seqs": [list(run) for run in proof.lost],
        "twice": proof.twice,
        "conflicting": proof.conflicting,
        "unknown": proof.unknown,
        "garbled": proof.garbled,
        "kills": stage.power.kills,
        "cuts": stage.link.cuts,
        "seconds": round(lasted, 1),
        "first_value": notes.first_value,
        "connected": notes.connected,
        "events": dict(inbox.events),
        "clock": notes.status["clock"]["source"] if notes.status else None,
        "rss": notes.status["process"]["rss"] if notes.status else None,
        "sensors": inbox.latest(),
    }


def _tell(text: str) -> None:
    print(words.said(text, sys.stderr), file=sys.stderr, flush=True)
