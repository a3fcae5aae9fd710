"""``edge alarm``: which alarms stand, and ``edge alarm ack NAME`` for one that somebody has seen."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from edge.cli import args, exits, words
from edge.cli.asking import asked

LACKS = {
    "value": "cannot be judged now: no usable value of",
    "history": "cannot be judged yet: too little history of",
}


def main(argv: Sequence[str]) -> int:
    """Lists the alarms, 0 however many stand; or acknowledges one."""
    parser = args.parser("alarm", "Which alarms stand, and why.", "alarm", "alarm ack flood")
    args.add_state(parser)
    args.add_json(parser)
    does = parser.add_subparsers(dest="does", metavar="ack")
    what = "says that somebody has seen an alarm; a latched output goes low as soon as it is cleared"
    seen = args.kind(does, "ack", what, "alarm ack flood")
    seen.add_argument("name", metavar="RULE", help="the name of its rule")
    args.add_state(seen, again=True)
    given = parser.parse_args(argv)
    if given.does == "ack":
        asked(given.state, "acknowledge", rule=given.name)
        print(f"{given.name} is acknowledged", file=sys.stderr)
        return exits.OK
    status = asked(given.state, "status")
    if given.json:
        print(json.dumps(status["alarms"]))
    else:
        print(*(words.said(line, sys.stdout) for line in lines(status)), sep="\n")
    return exits.OK


def lines(status: dict[str, Any]) -> Iterator[str]:
    """The alarms in words."""
    if not status["alarms"]:
        yield "no rules are configured; see: docs/how-to/alarms.md"
    yield from each(status["alarms"], units(status))


def units(status: dict[str, Any]) -> dict[tuple[str, str], str]:
    """The unit of each quantity of each sensor, as people write it."""
    values = [(sensor["name"], *value) for sensor in status["sensors"] for value in sensor["values"].items()]
    return {(name, quantity): words.UNITS.get(value["unit"], value["unit"]) for name, quantity, value in values}


def each(alarms: Sequence[dict[str, Any]], units: Mapping[tuple[str, str], str]) -> Iterator[str]:
    """A line for each alarm, those that stand first, and below it what is to be done or known about it."""
    width = max((len(alarm["rule"]) for alarm in alarms), default=0)
    for alarm in sorted(alarms, key=lambda alarm: (not alarm["raised"], alarm["acknowledged"])):
        yield f"{_mark(alarm)} {alarm['rule']:{width}}  {' · '.join(_standing(alarm, units))}"
        yield from (f"  {'':{width}}  {line}" for line in _below(alarm))


def _standing(alarm: dict[str, Any], units: Mapping[tuple[str, str], str]) -> Iterator[str]:
    """How an alarm stands, its cause, and its output."""
    since = f" for {words.span(alarm['for'])}" if alarm["for"] is not None else ""
    yield f"raised{since}" if alarm["raised"] else f"quiet{since}"
    if alarm["cause"] is not None:
        yield _cause(alarm["cause"], units)
    if (output := alarm["output"]) is not None and not output["trouble"]:
        yield f"GPIO {output['gpio']} {'high' if output['on'] else 'low'}"


def _cause(cause: dict[str, Any], units: Mapping[tuple[str, str], str]) -> str:
    sensor, quantity = cause["sensor"], cause["quantity"]
    if not quantity:
        return f"{sensor} silent for {words.span(cause['value'])}"
    unit = units.get((sensor, quantity), "")
    return f"{sensor}/{quantity} {cause['value']:g}{unit and ' '}{unit}, limit {cause['limit']:g}"


def _below(alarm: dict[str, Any]) -> Iterator[str]:
    """What is to be done about an alarm, and what does not work."""
    if not alarm["acknowledged"]:
        yield f"not acknowledged: edge alarm ack {alarm['rule']}"
    for lack, words_for_it in LACKS.items():
        if names := [name for name, lacks in alarm["blind"].items() if lacks == lack]:
            yield f"{words_for_it} {', '.join(names)}"
    if (output := alarm["output"]) is not None and output["trouble"]:
        yield f"its output does not work: {output['trouble']}"


def _mark(alarm: dict[str, Any]) -> str:
    if alarm["raised"]:
        return "✗"
    return "–" if alarm["blind"] or not alarm["acknowledged"] else "✓"
