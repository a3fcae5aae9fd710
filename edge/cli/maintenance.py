"""``edge maintenance SENSOR on|off``: flags what a sensor gives while a technician works at it."""

import argparse
import json
import sys
from collections.abc import Sequence

from edge.cli import args, exits, words
from edge.cli.asking import asked

NO_TIME = "more than 0; to end it: edge maintenance SENSOR off"


def main(argv: Sequence[str]) -> int:
    """Switches the maintenance of a sensor, or lists which sensors are under it."""
    what = "Flags what a sensor gives while somebody works at it; rules ignore it so long."
    examples = "maintenance", "maintenance pm on --for 30min", "maintenance pm off"
    parser = args.parser("maintenance", what, *examples)
    args.add_state(parser)
    args.add_json(parser)
    listed = "its name; without it, all that are under maintenance are listed"
    parser.add_argument("sensor", nargs="?", metavar="SENSOR", help=listed)
    parser.add_argument("switch", nargs="?", choices=("on", "off"), metavar="on|off", help="begins it, or ends it")
    parser.add_argument("--for", dest="seconds", type=args.duration(NO_TIME), default=3600.0, metavar="TIME",
                        help='it ends by itself then, e.g. "30min" (default: 1h)')  # fmt: skip
    given = parser.parse_args(argv)
    if given.sensor is None:
        return _list(given)
    if given.switch is None:
        raise exits.Failure(f"on or off? Do: edge maintenance {given.sensor} on --for 1h", exits.USAGE)
    on = given.switch == "on"
    asked(given.state, "maintenance", sensor=given.sensor, seconds=given.seconds if on else 0)
    more = f" for {words.span(given.seconds)}; end it before with: edge maintenance {given.sensor} off" if on else ""
    print(f"maintenance of {given.sensor} is {given.switch}{more}", file=sys.stderr)
    return exits.OK


def _list(given: argparse.Namespace) -> int:
    left = {sensor["name"]: sensor["maintenance"] for sensor in asked(given.state, "status")["sensors"]}
    on = {name: seconds for name, seconds in left.items() if seconds is not None}
    if given.json:
        print(json.dumps(on))
        return exits.OK
    for name, seconds in on.items():
        print(f"{name}  {words.span(seconds)} more")
    if not on:
        print("no sensor is under maintenance", file=sys.stderr)
    return exits.OK
