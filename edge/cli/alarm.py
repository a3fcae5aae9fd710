"""``edge alarm``: which alarms stand, and ``edge alarm ack NAME`` for one that somebody has seen."""

import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from edge.cli import args, exits, words
from edge.cli.asking import asked

LACKS = {
    "value": "cannot be judged now: no usable value of",
    "history": "cannot be judged yet: too little history of",
}


def main(argv: Sequence[str]) -> int:
    """Lists the alarms, 0 however many stand; or acknowledges one."""
    parser = args.parser("alarm", "Which alarms stand, and why.")
    args.add_state(parser)
    args.add_json(parser)
    does = parser.add_subparsers(dest="does", metavar="ack")
    what = "Says that somebody has seen an alarm; a latched output goes low as soon as it is cleared."
    does.add_parser("ack", help=what, description=what).add_argument("name", help="of the rule")
    given = parser.parse_args(argv)
    if given.does == "ack":
        asked(given.state, "acknowledge", rule=given.name)
        print(f"{given.name} is acknowledged", file=sys.stderr)
        return exits.OK
    alarms = asked(given.state, "status")["alarms"]
    if given.json:
        print(json.dumps(alarms))
    else:
        print(*(words.said(line, sys.stdout) for line in lines(alarms)), sep="\n")
    return exits.OK


def lines(alarms: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The alarms in words."""
    if not alarms:
        yield "no rules are configured; see: docs/how-to/alarms.md"
    yield from each(alarms)


def each(alarms: Sequence[dict[str, Any]]) -> Iterator[str]:
    """A line for each alarm, those that stand first."""
    width = max((len(alarm["rule"]) for alarm in alarms), default=0)
    for alarm in sorted(alarms, key=lambda alarm: (not alarm["raised"], alarm["acknowledged"])):
        yield f"{_mark(alarm)} {alarm['rule']:{width}}  {' · '.join(about(alarm))}"


def about(alarm: dict[str, Any]) -> Iterator[str]:
    """One alarm in parts: state, cause, what cannot be judged, its output."""
    cause, since = alarm["cause"], f" for {words.span(alarm['for'])}" if alarm["for"] is not None else ""
    yield f"raised{since}" if alarm["raised"] else f"quiet{since}"
    if cause is not None:
        value = f"{cause['value']:g}, limit {cause['limit']:g}"
        silent = f"{cause['sensor']} silent for {words.span(cause['value'])}"
        yield f"{cause['sensor']}/{cause['quantity']} {value}" if cause["quantity"] else silent
    if not alarm["acknowledged"]:
        yield f"not acknowledged: edge alarm ack {alarm['rule']}"
    for lack, words_for_it in LACKS.items():
        if names := [name for name, lacks in alarm["blind"].items() if lacks == lack]:
            yield f"{words_for_it} {', '.join(names)}"
    output = alarm["output"]
    if output is not None:
        yield f"GPIO {output['gpio']} {'high' if output['on'] else 'low'}"
        if output["trouble"]:
            yield f"which does not work: {output['trouble']}"


def _mark(alarm: dict[str, Any]) -> str:
    if alarm["raised"]:
        return "✗"
    return "–" if alarm["blind"] or not alarm["acknowledged"] else "✓"
