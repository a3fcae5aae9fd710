"""``edge calibrate SENSOR``: writes, lists and takes back calibration records."""

import argparse
import json
import re
import sys
from collections.abc import Sequence
from typing import Any

from edge.cli import args, exits, words
from edge.cli.calibrate import records, sampling
from edge.cli.calibrate.desk import Ask, desk
from edge.cli.calibrate.found import Found, found
from edge.maths.curve import formula
from edge.maths.fit import FITS, Pairs
from edge.maths.steady import LEAST

EXAMPLES = (
    "calibrate acid",
    'calibrate acid ph --points 4.00=4.12 7.00=7.05 --by "A. Ito" --due 365d',
    "calibrate acid ph --at 4.00",
    'calibrate acid ph --finish --by "A. Ito"',
    'calibrate pm pm2_5 --against reference/pm2_5 --for 2h --by "A. Ito"',
)
SHOWN = 8  # residuals that are shown at most
CARE = 1800.0  # seconds that a sensor is under maintenance from a capture on: a probe in a buffer measures no river


def main(argv: Sequence[str]) -> int:
    """Lists the records of a sensor, or makes one, or goes back to the one before."""
    given = _parser().parse_args([f" {word}" if re.match(r"-\.?\d", word) else word for word in argv])
    makes = given.points or given.against or given.finish or given.undo
    if (makes or given.at is not None or given.drop) and given.quantity is None:
        raise exits.Failure(f"which quantity? Do: edge calibrate {given.sensor} QUANTITY ...", exits.USAGE)
    if makes and not given.by:
        raise exits.Failure("who did it? Do: the same with --by NAME", exits.USAGE)
    with desk(given.state, given.config) as ask:
        return _done(given, ask)


def _parser() -> argparse.ArgumentParser:
    what = "Calibration records of a sensor: lists them, makes one, goes back to another."
    parser = args.parser("calibrate", what, *EXAMPLES)
    args.add_state(parser)
    args.add_config(parser)
    args.add_json(parser)
    parser.add_argument("sensor", metavar="SENSOR", help="its name")
    listed = "what is calibrated; without anything more the records are listed"
    parser.add_argument("quantity", nargs="?", metavar="QUANTITY", help=listed)
    does = parser.add_mutually_exclusive_group()
    does.add_argument(
        "--points",
        nargs="+",
        type=_pair,
        metavar="TRUE=READ",
        help="true values and what the sensor read, without its calibration: 4.00=4.12 7.00=7.05",
    )
    does.add_argument(
        "--at",
        type=float,
        metavar="TRUE",
        help="takes the mean of steady readings now, as what the sensor reads at this true value",
    )
    does.add_argument("--finish", action="store_true", help="makes a record of the points that --at took")
    does.add_argument("--drop", action="store_true", help="forgets the points that --at took")
    does.add_argument(
        "--against",
        type=_channel,
        metavar="SENSOR/QUANTITY",
        help="a sensor of this node that is right, beside this one",
    )
    does.add_argument("--undo", action="store_true", help="goes back to the record before")
    parser.add_argument(
        "--for",
        dest="seconds",
        type=args.duration(),
        metavar="TIME",
        help="how long readings are compared (default: 10min), or --at waits (default: 3min)",
    )
    parser.add_argument("--readings", type=_count, default=10, metavar="N", help="for a point (default: 10)")
    parser.add_argument(
        "--within",
        type=float,
        metavar="SPREAD",
        help="highest less lowest reading of a point, in its unit (default: no drift beyond the noise)",
    )
    parser.add_argument("--fit", choices=tuple(FITS), help="default: line, or offset for a single point")
    parser.add_argument("--by", metavar="NAME", help="who did it")
    parser.add_argument("--certificate", default="", metavar="TEXT", help="number or file of the certificate")
    parser.add_argument("--reference", default="", metavar="TEXT", help="what it was held against")
    parser.add_argument("--due", type=args.duration(), metavar="TIME", help='after so long it is overdue, e.g. "365d"')
    parser.add_argument("--force", action="store_true", help="also where the slope is far from 1")
    return parser  # fmt: skip


def _done(given: argparse.Namespace, ask: Ask) -> int:
    sensor, quantity = given.sensor, given.quantity
    if given.undo:
        return _told(given, ask("uncalibrate", sensor=sensor, quantity=quantity, by=given.by))
    if given.points:
        return _told(given, _recorded(given, ask, given.points))
    if given.finish:
        made = _recorded(given, ask, [(raw, true) for raw, true in ask("capture", sensor=sensor, quantity=quantity)])
        ask("capture", sensor=sensor, quantity=quantity, drop=True)
        return _told(given, made)
    if given.against:
        return _told(given, _compared(given, ask))
    if given.at is not None:
        return _points(given, _captured(given, ask))
    if given.drop:
        return _points(given, ask("capture", sensor=sensor, quantity=quantity, drop=True))
    return _list(given, ask("calibrations", sensor=sensor))


def _captured(given: argparse.Namespace, ask: Ask) -> list[list[float]]:
    """One more point, of what the sensor reads now; it is under maintenance from now on."""
    known = ask("calibrations", sensor=given.sensor)["quantities"]
    if given.quantity not in known:
        ask("capture", sensor=given.sensor, quantity=given.quantity)  # refuses, and says what there is
    _under_maintenance(ask, given.sensor)
    unit, decimals = known[given.quantity]
    digit, seconds = 10.0**-decimals, given.seconds or 180.0
    rest = sampling.steady(ask, given.sensor, given.quantity, digit, given.readings, given.within, seconds)
    told = f"read {rest.mean:.6g} {unit}: {rest.count} readings, spread {rest.spread:.3g}, drift {rest.drift:+.3g}"
    print(words.said(f"true {given.at:g}, {told}", sys.stderr), file=sys.stderr)
    points: list[list[float]] = ask("capture", sensor=given.sensor, quantity=given.quantity, pair=[rest.mean, given.at])
    return points


def _under_maintenance(ask: Ask, sensor: str) -> None:
    left = next(one["maintenance"] for one in ask("status")["sensors"] if one["name"] == sensor)
    if left is None or left < CARE / 2:
        ask("maintenance", sensor=sensor, seconds=CARE)
        ends = f"end it when the sensor is back in its place: edge maintenance {sensor} off"
        print(f"maintenance of {sensor} is on for {words.span(CARE)}; {ends}", file=sys.stderr)


def _compared(given: argparse.Namespace, ask: Ask) -> dict[str, Any]:
    """A record of what another sensor of the node said at the same time."""
    ours, theirs = ask("calibrations", sensor=given.sensor), ask("calibrations", sensor=given.against[0])
    ask("capture", sensor=given.sensor, quantity=given.quantity)  # refuses what is not measured
    ask("capture", sensor=given.against[0], quantity=given.against[1])
    unit, other = ours["quantities"][given.quantity][0], theirs["quantities"][given.against[1]][0]
    if unit != other:
        raise exits.Failure(f"{given.quantity} is in {unit} and {'/'.join(given.against)} in {other}", exits.USAGE)
    channels = [(given.sensor, given.quantity), given.against]
    pairs = sampling.against(ask, channels, given.seconds or 600.0)
    given.reference = given.reference or " ".join(part for part in ("/".join(given.against), theirs["part"]) if part)
    return _recorded(given, ask, pairs)


def _recorded(given: argparse.Namespace, ask: Ask, pairs: Pairs) -> dict[str, Any]:
    """Fits, looks twice, shows what is left, and writes the record."""
    fit = found(pairs, given.fit, force=given.force)
    about = {name: getattr(given, name) for name in ("by", "certificate", "reference")} | {"lasts": given.due}
    made: dict[str, Any] = ask(
        "calibrate", sensor=given.sensor, quantity=given.quantity, found=fit.as_dict(), about=about
    )
    _show(fit)
    return made


def _show(fit: Found) -> None:
    left = list(fit.left())
    for (raw, true), off in left[:: -(-len(left) // SHOWN)]:
        print(f"  true {true:g}, read {raw:g}: off by {records.residual(off)} after the fit", file=sys.stderr)


def _told(given: argparse.Namespace, made: dict[str, Any]) -> int:
    if given.json:
        print(json.dumps(made))
        return exits.OK
    what = "raw values again" if made["curve"] is None else formula(records.law(made))
    well = records.well(made)
    whose = f"part {made['part']}" if made["part"] else "it holds for whatever part is plugged in there"
    line = f"no {made['number']}: {made['sensor']}/{made['quantity']} is {what} from the next reading on ({whose})"
    print(words.said(f"{line}\n  {well}" if well else line, sys.stderr), file=sys.stderr)
    return exits.OK


def _points(given: argparse.Namespace, points: list[list[float]]) -> int:
    if given.json:
        print(json.dumps(points))
        return exits.OK
    so_far = f"{words.counted(len(points), 'point')}: {records.points(points)}" if points else "no points any more"
    more = f"; the next one, or: edge calibrate {given.sensor} {given.quantity} --finish --by NAME" if points else ""
    print(f"{so_far}{more}", file=sys.stderr)
    return exits.OK


def _list(given: argparse.Namespace, known: dict[str, Any]) -> int:
    if given.json:
        print(json.dumps(known))
        return exits.OK
    lines = list(records.lines(given.sensor, known, given.quantity))
    print(*(words.said(line, sys.stdout) for line in lines), sep="\n")
    return exits.OK


def _pair(text: str) -> tuple[float, float]:
    true, _, read = text.partition("=")
    try:
        return float(read), float(true)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text.strip()!r} is not TRUE=READ, e.g. 7.00=7.05") from None


def _channel(text: str) -> tuple[str, str]:
    sensor, _, quantity = text.partition("/")
    if not quantity:
        raise argparse.ArgumentTypeError(f"{text!r} is not SENSOR/QUANTITY, e.g. reference/pm2_5")
    return sensor, quantity


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < LEAST:
        raise argparse.ArgumentTypeError(f"a whole number from {LEAST} on")
    return int(text)
