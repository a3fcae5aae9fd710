"""What each filter adds to a reading: python tests/benchmarks/bench_filters.py

Told as a ratio to a filter that does nothing, through the same chain, in the same run, because machines differ; in
time of the processor, because others may be at work.
Ends with 1 if a filter is above the limit.
"""

import math
import random
import sys
import time
from collections.abc import Iterable
from typing import Any

from drivers import Quantity, is_total
from edge.clock import Anchor, Clock, Stamp
from edge.filters import FILTERS, Chain, Filter
from edge.reading import Reading

LIMIT = 15.0  # times the identity
MEASUREMENTS, ROUNDS = 200, 60
PM = tuple(Quantity(name, "ug/m3", 0, 1000, 1) for name in ("pm1", "pm2_5", "pm10"))
SOUND = (Quantity("sound_level", "dB", 20, 140, 1),)
WIND = (Quantity("wind_direction", "deg", 0, 360), Quantity("wind_speed", "m/s", 0, 75, 1))
AIR = (Quantity("temperature", "Cel", -40, 125, 2), Quantity("humidity", "%RH", 0, 100, 2))
FLOW = (Quantity("flow", "L/min", 0, 1000, 3),)
VOLUME = (Quantity("volume", "L", 0, 1e9),)
RAW = (Quantity("voc_raw", "1", 1, 0xFFFE),)

# On what each filter is measured, and its options where it needs some; those without run on PM.
WHAT = {
    "convert": {"": FLOW},
    "derive": {"": AIR},
    "exponential_mean": {"": PM, "decibels": SOUND, "directions": WIND},
    "mean": {"": PM, "decibels": SOUND, "directions": WIND, "totals": VOLUME},
    "moving_mean": {"": PM, "decibels": SOUND, "directions": WIND},
    "voc_index": {"": RAW},
}
OPTIONS: dict[str, dict[str, Any]] = {
    "calibrate": {"gain": 1.07, "offset": -0.4},
    "climatology": {"limits": ((-100.0, 200.0),) * 12},
    "convert": {"to": "m3/h"},
    "cross": {"ascending": ["pm1", "pm2_5", "pm10"]},
    "derive": {"quantity": "dew_point", "unit": "Cel", "expression": "dew_point(temperature, humidity)"},
    "drift": {"quantity": "pm1", "against": ["pm2_5", "pm10"], "slack": 1.0},
    "rate": {"limit": 1000.0},
    "stale": {"by": "pm1"},
}


CLOCK = Clock(boot="boot", anchors=[Anchor("boot", 0, 1_800_000_000 * 10**9, "ntp", 0.01)])


class Identity(Filter):
    """Does nothing."""

    def __call__(self, reading: Reading) -> Iterable[Reading]:
        return (reading,)


def measurements(quantities: Iterable[Quantity]) -> list[list[Reading]]:
    """A swing with noise, of totals a rise, one measurement a second."""
    noise = random.Random(1)
    made = []
    for at in range(MEASUREMENTS):
        value, stamp = 40 + 20 * math.sin(at / 500) + noise.gauss(0, 1), Stamp("boot", at * 10**9)
        values = {one.name: round(3.0 * at if is_total(one.name) else value, one.decimals) for one in quantities}
        made.append([Reading("dut", one.name, values[one.name], one.unit, stamp) for one in quantities])
    return made


def seconds(work: Filter, given: list[list[Reading]]) -> float:
    """Of all measurements through a chain of this filter alone, a reading."""
    chain = Chain([(None, work)])
    boards = [{(one.device, one.quantity): one for one in measurement} for measurement in given]
    board = boards[0]
    work.look_up = lambda device, quantity: board.get((device, quantity))
    work.date = CLOCK.utc
    start = time.thread_time()
    for measurement, board in zip(given, boards, strict=True):  # noqa: B007 - the look-up reads it
        chain(measurement)
    return (time.thread_time() - start) / len(given) / len(given[0])


def ratio(name: str, quantities: tuple[Quantity, ...]) -> tuple[float, float]:
    """The ratio to the identity, and the microseconds a reading: the best of rounds in turns, on a machine at work."""
    known = {one.name: one for one in quantities}
    given = measurements(quantities)
    plain, filtered = [], []
    for _ in range(ROUNDS):
        plain.append(seconds(Identity(known), given))
        filtered.append(seconds(FILTERS[name](known, **OPTIONS.get(name, {})), given))
    return min(filtered) / min(plain), min(filtered) * 1e6


def main() -> int:
    """Prints a line a filter."""
    print(f"{'filter':<30}{'us a reading':>14}{'times identity':>16}")
    over = []
    for name in sorted(FILTERS):
        for what, quantities in WHAT.get(name, {"": PM}).items():
            label = f"{name} of {what}" if what else name
            try:
                times, took = ratio(name, quantities)
            except ImportError as error:
                print(f"{label:<30}{'':>14}{'':>16}  skipped: {error}")
                continue
            print(f"{label:<30}{took:>14.2f}{times:>16.1f}")
            over += [label] if times > LIMIT else []
    print(f"limit: {LIMIT:g} times" + (f"; above it: {', '.join(over)}" if over else "; none is above it"))
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
