"""The arguments of ``edge calibrate``."""

import argparse
import re
from collections.abc import Sequence

from edge.cli import args
from edge.maths.fit import FITS
from edge.maths.steady import LEAST

EXAMPLES = (
    "calibrate acid",
    'calibrate acid ph --points 4.00=4.12 7.00=7.05 --by "A. Ito" --due 365d',
    "calibrate acid ph --at 4.00",
    'calibrate acid ph --finish --by "A. Ito"',
    'calibrate pm pm2_5 --against reference/pm2_5 --for 2h --by "A. Ito"',
)


def parsed(argv: Sequence[str]) -> argparse.Namespace:
    """What was asked for; a word such as ``-5=-4.8`` is a point and no option."""
    what = "Calibration records of a sensor: lists them, makes one, goes back to another."
    parser = args.parser("calibrate", what, *EXAMPLES)
    args.add_state(parser)
    args.add_config(parser)
    args.add_json(parser)
    parser.add_argument("sensor", metavar="SENSOR", help="its name")
    listed = "what is calibrated; without anything more the records are listed"
    parser.add_argument("quantity", nargs="?", metavar="QUANTITY", help=listed)
    _add_deeds(parser)
    _add_measuring(parser)
    _add_record(parser)
    return parser.parse_args([f" {word}" if re.match(r"-\.?\d", word) else word for word in argv])


def _add_deeds(parser: argparse.ArgumentParser) -> None:
    """What to do; one of them, or nothing for a list."""
    deeds = parser.add_mutually_exclusive_group()
    told = "true values and what the sensor read, without its calibration: 4.00=4.12 7.00=7.05"
    deeds.add_argument("--points", nargs="+", type=_pair, metavar="TRUE=READ", help=told)
    told = "takes the mean of steady readings now, as what the sensor reads at this true value"
    deeds.add_argument("--at", type=float, metavar="TRUE", help=told)
    deeds.add_argument("--finish", action="store_true", help="makes a record of the points that --at took")
    deeds.add_argument("--drop", action="store_true", help="forgets the points that --at took")
    told = "a sensor of this node that is right, beside this one"
    deeds.add_argument("--against", type=_channel, metavar="SENSOR/QUANTITY", help=told)
    deeds.add_argument("--undo", action="store_true", help="goes back to the record before")


def _add_measuring(parser: argparse.ArgumentParser) -> None:
    """How readings are taken for ``--at`` and ``--against``."""
    told = "how long readings are compared (default: 10min), or --at waits (default: 3min)"
    parser.add_argument("--for", dest="seconds", type=args.duration(), metavar="TIME", help=told)
    parser.add_argument("--readings", type=_count, default=10, metavar="N", help="for a point (default: 10)")
    told = "highest less lowest reading of a point, in its unit (default: no drift beyond the noise)"
    parser.add_argument("--within", type=float, metavar="SPREAD", help=told)


def _add_record(parser: argparse.ArgumentParser) -> None:
    """What becomes part of the record."""
    parser.add_argument("--fit", choices=tuple(FITS), help="default: line, or offset for a single point")
    parser.add_argument("--by", metavar="NAME", help="who did it")
    parser.add_argument("--certificate", default="", metavar="TEXT", help="number or file of the certificate")
    parser.add_argument("--reference", default="", metavar="TEXT", help="what it was held against")
    parser.add_argument("--due", type=args.duration(), metavar="TIME", help='after so long it is overdue, e.g. "365d"')
    parser.add_argument("--force", action="store_true", help="also where the slope is far from 1")


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
