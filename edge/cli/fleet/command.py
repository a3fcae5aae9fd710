"""The command line of ``edge fleet``: starts the crews, receives what they send, and reports."""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import IO, Any

from edge.cli import exits
from edge.cli.args import add_json, parser
from edge.cli.dial import Line, add_broker
from edge.cli.fleet.plan import Plan
from edge.cli.fleet.report import judged, sentences
from edge.cli.receive.centre import Centre
from edge.cli.receive.store import Store
from edge.payload import Record

CREW = 100  # nodes in a process
LATE = 10.0  # seconds in which the last messages may come in


def main(argv: Sequence[str]) -> int:
    """0 when nothing is missing and the rate was kept, else 1."""
    args = _words().parse_args(argv)
    plan = _plan(args)
    with Line(args, f"{plan.prefix}-centre") as line:
        centre = Centre(Nowhere(), {})
        for channel in ("readings", "event"):
            line.subscribe(f"edge/+/{channel}")
        report = judged(plan, _simulated(plan, line, centre), centre.accounts)
    kept = args.limit is None or report["most_a_second"] <= args.limit
    print(json.dumps(report | {"kept": kept}) if args.json else "\n".join(sentences(report)))
    if not kept:
        print(f"that is more than the {args.limit} connections a second that were allowed", file=sys.stderr)
    return exits.FAILED if report["missing"] or not kept else exits.OK


class Nowhere(Store):
    """For readings of which only the account matters."""

    def add(self, records: Sequence[Record]) -> None:
        """Forgets them."""

    def sync(self) -> None:
        """Nothing to do."""


def _words() -> argparse.ArgumentParser:
    what = "Many simulated nodes with real sessions against a broker, and a cut of all their links."
    words = parser("fleet", what, "fleet simulate --nodes 20 --interval 2",
                   "fleet simulate --nodes 1000 --cut 200:1400 --seconds 1500 --speed 6")  # fmt: skip
    words.add_argument("what", choices=("simulate",), metavar="simulate", help="the one thing there is to do with them")
    add_broker(words)
    for name, default, of, meaning in (
        ("nodes", 100, "N", "how many"),
        ("interval", 10.0, "S", "seconds between two readings of a node"),
        ("ramp", 30.0, "S", "seconds within which the nodes start"),
        ("seconds", 60.0, "S", "seconds for which readings are taken"),
        ("settle", 900.0, "S", "seconds after which all must have arrived"),
        ("speed", 1.0, "X", "seconds of the fleet in one of ours"),
        ("prefix", "fleet", "NAME", "what the names of the nodes begin with"),
    ):
        told = f"{meaning} (default: {default if isinstance(default, str) else format(default, 'g')})"
        words.add_argument(f"--{name}", type=type(default), default=default, metavar=of, help=told)
    words.add_argument("--cut", metavar="FROM:TO", help="seconds after the start between which all links are cut")
    words.add_argument("--limit", type=int, metavar="N", help="exit 1 when more connections came in a second")
    add_json(words)
    return words


def _plan(args: argparse.Namespace) -> Plan:
    host, _, port = args.broker.partition(":")
    try:
        cut = tuple(float(part) for part in args.cut.split(":")) if args.cut else None
        if cut is not None and (len(cut) != 2 or not 0 <= cut[0] < cut[1] < args.seconds):
            raise ValueError
    except ValueError:
        what = f"--cut {args.cut} is no span within {args.seconds:g} s"
        raise exits.Failure(f"{what}. Do: --cut 60:660 --seconds 700", exits.USAGE) from None
    if args.nodes < 1 or args.interval <= 0 or args.speed <= 0:
        raise exits.Failure("--nodes, --interval and --speed are above 0", exits.USAGE)
    return Plan(host, int(port or 1883), args.nodes, args.interval, args.ramp, cut, args.seconds, args.settle,
                args.speed, args.prefix)  # fmt: skip


def _simulated(plan: Plan, line: Line, centre: Centre) -> list[dict[str, Any]]:
    """The accounts of all crews; what they send is received meanwhile."""
    crews = [_crew(plan, range(first, min(first + CREW, plan.nodes))) for first in range(0, plan.nodes, CREW)]
    try:
        for crew in crews:
            _pipes(crew)[1].readline()  # it is ready
        began = time.monotonic()
        for crew in crews:
            _tell(crew, str(began))
        while any(crew.poll() is None for crew in crews):
            _take(line, centre, 1.0)
            _progress(plan, began, centre)
        accounts = [json.loads(crew.communicate()[0]) for crew in crews]
    finally:
        for crew in crews:
            crew.kill()
            crew.wait()
    end, taken = time.monotonic() + LATE, sum(node["taken"] for crew in accounts for node in crew["nodes"])
    while _received(centre) < taken and time.monotonic() < end:
        _take(line, centre, 0.5)
    return accounts


def _crew(plan: Plan, numbers: range) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "edge.cli.fleet.crew"]
    crew = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own
    _tell(crew, json.dumps({"plan": asdict(plan), "numbers": list(numbers)}))
    return crew


def _tell(crew: "subprocess.Popen[str]", line: str) -> None:
    pipe, _ = _pipes(crew)
    pipe.write(line + "\n")
    pipe.flush()


def _pipes(crew: "subprocess.Popen[str]") -> tuple[IO[str], IO[str]]:
    if crew.stdin is None or crew.stdout is None:
        raise ValueError("a crew is spoken to through pipes")
    return crew.stdin, crew.stdout


def _take(line: Line, centre: Centre, seconds: float) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0 and (came := line.next(left)) is not None:
        _, node, channel = came.topic.split("/")
        centre.take(channel, node, came)


def _received(centre: Centre) -> int:
    return sum(account.received for account in centre.accounts.values())


def _progress(plan: Plan, began: float, centre: Centre) -> None:
    """One line that is written over, on a terminal only."""
    if sys.stderr.isatty():
        now = (time.monotonic() - began) * plan.speed
        state = "cut" if plan.cut and plan.cut[0] <= now < plan.cut[1] else "on "
        width = os.get_terminal_size(2).columns - 1
        print(
            f"\r{now:7.0f} s  link {state}  received {_received(centre)}".ljust(width)[:width], end="", file=sys.stderr
        )
