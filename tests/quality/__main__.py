"""Prints what the default chains find in simulated days at 1 Hz, and how often they cry wolf.

python -m tests.quality [--seeds N] [--from SEED] [--hours H] [--json] [QUANTITY ...]
Of whole days it also prints what the filter drift finds in pairs of sensors.
Ends with 1 if a fault was missed or if more than one of 10,000 clean readings was flagged.
"""

import argparse
import json
import logging
import sys
from statistics import median

from tests.quality import drift
from tests.quality.faults import KINDS
from tests.quality.result import Result, of_day
from tests.quality.worlds import WORLDS, World

ALLOWED = 1.0  # false alarms in 10,000 readings


def main(argv: list[str] | None = None) -> int:
    """A line a quantity and driver."""
    given = _arguments().parse_args(argv)
    days = [str(given.first + turn) for turn in range(given.seeds)]
    worlds = [world for world in WORLDS if not given.quantity or world.quantity in given.quantity]
    if not given.json:
        print(f"{'quantity':<20}{'driver':<13}", *(f"{kind:>13}" for kind in KINDS), f"{'false/10,000':>14}")
    failed = False
    for world in worlds:
        results = [of_day(world, day, int(given.hours * 3600)) for day in days]
        failed |= any(result.missed for result in results) or _false(results) > ALLOWED
        print(json.dumps(_told(world, results)) if given.json else _line(world, results), flush=True)
    if not given.json:
        print("found/injected, and the median of the time until then; -: there is no such fault, or it may be true")
        print("spikes of voc_raw, sound, rain, flow and contact: beyond the range, since any jump may be true")
    if given.hours >= 24:
        failed |= _pairs(given, days)
    return 1 if failed else 0


def _pairs(given: argparse.Namespace, seeds: list[str]) -> bool:
    """The same for pairs of sensors of which one drifts; whether one of them was not as it should be."""
    pairs = [pair for pair in drift.PAIRS if not given.quantity or pair.quantity in given.quantity]
    failed = False
    if pairs and not given.json:
        print(drift.HEAD)
    for pair in pairs:
        found = drift.days(pair, seeds)
        failed |= found.missed > 0 or found.per_10_000 > ALLOWED
        print(json.dumps(drift.told(pair, found)) if given.json else drift.line(pair, found), flush=True)
    return failed


def _arguments() -> argparse.ArgumentParser:
    words = argparse.ArgumentParser(prog="python -m tests.quality", description=__doc__)
    words.add_argument("quantity", nargs="*", metavar="QUANTITY", help="which ones; default: all")
    words.add_argument("--seeds", type=int, default=1, metavar="N", help="how many days of each (default: 1)")
    words.add_argument("--from", type=int, default=1, metavar="SEED", dest="first", help="the first seed (default: 1)")
    words.add_argument("--hours", type=float, default=24.0, metavar="H", help="how much of a day (default: 24)")
    words.add_argument("--json", action="store_true", help="a JSON line each")
    return words


def _false(results: list[Result]) -> float:
    return sum(result.per_10_000 for result in results) / len(results)


def _told(world: World, results: list[Result]) -> dict[str, object]:
    faults = {
        kind: {
            "injected": sum(result.injected[kind] for result in results),
            "found": sum(len(result.found[kind]) for result in results),
            "after": [after for result in results for after in result.found[kind]],
        }
        for kind in KINDS
    }
    false: dict[str, int] = {}
    for result in results:
        false |= {what: false.get(what, 0) + count for what, count in result.false.items()}
    named = {"quantity": world.quantity, "driver": world.driver}
    return {**named, "faults": faults, "false_per_10_000": round(_false(results), 3), "false": false}


def _line(world: World, results: list[Result]) -> str:
    cells = [f"{_cell(kind, results):>13}" for kind in KINDS]
    return " ".join([f"{world.quantity:<20}{world.driver:<13}", *cells, f"{_false(results):>14.2f}"])


def _cell(kind: str, results: list[Result]) -> str:
    injected = sum(result.injected[kind] for result in results)
    after = [after for result in results for after in result.found[kind]]
    typical = median(after) if after else 0.0
    late = f" {typical / 3600:.1f}h" if typical > 3600 else f" {typical:.0f}s" if typical else ""
    return f"{len(after)}/{injected}{late}" if injected else "-"


if __name__ == "__main__":
    logging.disable(logging.WARNING)  # of devices that fall ill, as they should
    sys.exit(main())
