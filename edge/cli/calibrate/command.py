"""``edge calibrate SENSOR``: writes, lists and takes back calibration records."""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from edge.cli import exits, words
from edge.cli.calibrate import records, sampling
from edge.cli.calibrate.arguments import parsed
from edge.cli.calibrate.desk import Ask, desk
from edge.cli.calibrate.found import Found, found
from edge.maths.curve import formula
from edge.maths.fit import Pairs

SHOWN = 8  # residuals that are shown at most
CARE = 1800.0  # seconds that a sensor is under maintenance from a capture on: a probe in a buffer measures no river


def main(argv: Sequence[str]) -> int:
    """Lists the records of a sensor, or makes one, or goes back to the one before."""
    given = parsed(argv)
    makes = given.points or given.against or given.finish or given.undo
    if (makes or given.at is not None or given.drop) and given.quantity is None:
        raise exits.Failure(f"which quantity? Do: edge calibrate {given.sensor} QUANTITY ...", exits.USAGE)
    if makes and not given.by:
        raise exits.Failure("who did it? Do: the same with --by NAME", exits.USAGE)
    with desk(given.state, given.config) as ask:
        return _done(given, ask)


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
    read = f"true {given.at:g}, read {rest.mean:.6g} {words.unit(unit)}"
    noise = f"{rest.count} readings, spread {rest.spread:.3g}, drift {rest.drift:+.3g}"
    print(words.said(f"{read}: {noise}", sys.stderr), file=sys.stderr)
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
