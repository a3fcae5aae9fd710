"""``edge demo``: a simulated node with a broker of its own; nothing leaves this computer."""

import argparse
from collections.abc import Sequence

from edge.cli import args

SECONDS = 20.0  # of a run that nobody watches


def main(argv: Sequence[str]) -> int:
    """Shows the node at work and proves that every reading arrived; 1 when one did not."""
    given = _parser().parse_args(argv)
    from edge.cli.demo.run import run  # the node of the demo lives in this package too, and needs none of it

    return run(given, SECONDS)


def _parser() -> argparse.ArgumentParser:
    what = "A simulated node with a broker of its own: see it work, cut the link, kill it. Ends with the proof."
    parser = args.parser("demo", what, "demo", "demo --headless --seconds 40 --cut-link 5:15 --kill 22 --json")
    parser.add_argument("--headless", action="store_true", help="no table, no keys; a line now and then")
    parser.add_argument("--seconds", type=float, metavar="N", help=f"how long (default: {SECONDS:.0f} when headless)")
    parser.add_argument("--cut-link", type=_span, metavar="FROM:TO", help="cuts the link, in seconds after the start")
    parser.add_argument("--kill", type=float, metavar="AT", help="kills the node, in seconds after the start")
    parser.add_argument("--broker", type=_address, metavar="HOST:PORT", help="a broker of yours, without login or TLS")
    args.add_json(parser)
    return parser


def _span(text: str) -> tuple[float, float]:
    begin, _, end = text.partition(":")
    if float(begin) >= float(end):
        raise ValueError(text)
    return float(begin), float(end)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host:
        raise ValueError(text)
    return host, int(port)
