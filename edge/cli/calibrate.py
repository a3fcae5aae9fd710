"""``edge calibrate SENSOR``: writes, lists and takes back calibration records."""

import argparse
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edge.calibration.record import formula
from edge.cli import args, exits, records, words
from edge.cli.desk import Ask, desk
from edge.maths.curve import Curve
from edge.maths.fit import FITS, Pairs, doubt, fitted, goodness, residuals
from edge.settings import units

KEPT = 32  # pairs that a record holds


@dataclass(frozen=True, slots=True)
class Found:
    """A curve, and the pairs of readings and true values that it was made of."""

    curve: Curve
    pairs: Pairs

    def as_dict(self) -> dict[str, Any]:
        """For the record; of more pairs than it holds, some of all along the range."""
        step = -(-len(self.pairs) // KEPT)
        kept = [list(pair) for pair in sorted(self.pairs)[::step]]
        return {"curve": self.curve.keys(), "pairs": kept, "goodness": goodness(self.curve, self.pairs).as_dict()}


def main(argv: Sequence[str]) -> int:
    """Lists the records of a sensor, or makes one, or goes back to the one before."""
    parser = _parser()
    given = parser.parse_args([f" {word}" if re.match(r"-\.?\d", word) else word for word in argv])
    makes = given.points or given.undo
    if makes and given.quantity is None:
        parser.error("which quantity? edge calibrate SENSOR QUANTITY ...")
    if makes and not given.by:
        parser.error("who did it? --by NAME")
    with desk(given.state, given.config) as ask:
        if given.undo:
            return _told(given, ask("uncalibrate", sensor=given.sensor, quantity=given.quantity, by=given.by))
        if given.points:
            return _told(given, _recorded(given, ask, given.points))
        return _list(given, ask("calibrations", sensor=given.sensor))


def _parser() -> argparse.ArgumentParser:
    parser = args.parser("calibrate", "Calibration records of a sensor: lists them, makes one, goes back to another.")
    args.add_state(parser)
    args.add_config(parser)
    args.add_json(parser)
    parser.add_argument("sensor", help="its name")
    parser.add_argument("quantity", nargs="?", help="what was calibrated")
    parser.add_argument(
        "--points",
        nargs="+",
        type=_pair,
        metavar="TRUE=READ",
        help="true values and what the sensor read, without its calibration: 4.00=4.12 7.00=7.05",
    )
    parser.add_argument("--fit", choices=tuple(FITS), help="default: line, or offset for a single point")
    parser.add_argument("--by", metavar="NAME", help="who did it")
    parser.add_argument("--certificate", default="", metavar="TEXT", help="number or file of the certificate")
    parser.add_argument("--reference", default="", metavar="TEXT", help="what it was held against")
    parser.add_argument("--due", type=_duration, metavar="TIME", help='after so long it is overdue, e.g. "365d"')
    parser.add_argument("--force", action="store_true", help="also where the slope is far from 1")
    parser.add_argument("--undo", action="store_true", help="goes back to the record before")
    return parser  # fmt: skip


def _recorded(given: argparse.Namespace, ask: Ask, pairs: Pairs) -> dict[str, Any]:
    """Fits, looks twice, and writes the record."""
    found = _found(given, pairs)
    about = {name: getattr(given, name) for name in ("by", "certificate", "reference")} | {"lasts": given.due}
    made: dict[str, Any] = ask(
        "calibrate", sensor=given.sensor, quantity=given.quantity, found=found.as_dict(), about=about
    )
    for (raw, true), off in zip(sorted(pairs)[:KEPT], residuals(found.curve, sorted(pairs)), strict=False):
        print(f"  true {true:g}, read {raw:g}: off by {records.residual(off)} after the fit", file=sys.stderr)
    return made


def _found(given: argparse.Namespace, pairs: Pairs) -> Found:
    how = given.fit or ("line" if len(pairs) > 1 else "offset")
    try:
        curve = fitted(pairs, how)
        odd = doubt(curve, pairs)
    except ValueError as error:
        raise exits.Failure(f"{error}. Nothing was changed", exits.USAGE) from None
    if odd and not given.force:
        raise exits.Failure(f"{odd}. Nothing was changed; if it is right: --force", exits.USAGE)
    return Found(curve, pairs)


def _told(given: argparse.Namespace, made: dict[str, Any]) -> int:
    if given.json:
        print(json.dumps(made))
        return exits.OK
    what = "raw values again" if made["curve"] is None else formula(records.law(made))
    whose = f"part {made['part']}" if made["part"] else "it holds for whatever part is plugged in there"
    line = f"no {made['number']}: {made['sensor']}/{made['quantity']} is {what} from the next reading on ({whose})"
    print(words.said(line, sys.stderr), file=sys.stderr)
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


def _duration(text: str) -> float:
    try:
        seconds = units.duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if not seconds:
        raise argparse.ArgumentTypeError("more than 0")
    return seconds
