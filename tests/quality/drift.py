"""Two sensors of one quantity at one place; one goes off slowly, or by a little: what the filter ``drift`` finds.

Both see the world of ``worlds``, each with the errors that its data sheet allows, and what is true at one of them only:
the sun on one housing, a whirl, a lorry that passes nearer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from random import Random
from statistics import median
from typing import NamedTuple

from drivers import Quantity
from edge.clock import Stamp
from edge.filters.drift import Drift
from edge.reading import GOOD, Reading
from tests.quality.faults import as_shown, declared
from tests.quality.motion import DAY, Bursts, Wander
from tests.quality.worlds import HOUR, WORLDS, World

PACE = 10  # seconds between two readings
AFTER = 6 * HOUR
BEGIN = 4 * HOUR  # of a fault
RISE = 12 * HOUR  # until a drift has come to three times the slack
JUMP = 2.5  # slacks
HEAD = f"{'drift of a pair':<20}{'driver':<13} {'slack':>13} {'drift':>13} {'small jump':>13} {'false/10,000':>14}"


class Pair(NamedTuple):
    """``slack`` as in the filter; ``gain`` (a share) and ``offset`` are the standard deviations of the sensors.

    ``local`` is what a place differs by for half an hour, ``events`` for ten minutes, six times a day.
    """

    quantity: str
    driver: str
    slack: float
    gain: float
    offset: float
    local: float
    events: tuple[float, float]

    @property
    def world(self) -> World:
        """What both measure."""
        return next(one for one in WORLDS if (one.quantity, one.driver) == (self.quantity, self.driver))


PAIRS = (
    Pair("pm2_5", "pms5003", 6.0, 0.1, 1.0, 1.0, (-5, 30)),
    Pair("temperature", "sht3x", 0.6, 0.0, 0.1, 0.15, (-0.5, 2.0)),
    Pair("humidity", "sht3x", 5.0, 0.01, 1.0, 1.0, (-8, 3)),
    Pair("pressure", "bme280", 0.6, 0.0, 0.15, 0.03, (-0.3, 0.3)),
    Pair("co2", "mhz19", 100.0, 0.03, 20.0, 15.0, (-50, 400)),
    Pair("water_temperature", "ds18b20", 0.5, 0.0, 0.15, 0.05, (-0.3, 0.3)),
    Pair("ph", "ezo_ph", 0.1, 0.0, 0.02, 0.01, (-0.2, 0.2)),
    Pair("dissolved_oxygen", "ezo_do", 0.4, 0.01, 0.05, 0.05, (-0.6, 0.6)),
    Pair("turbidity", "yosemitech", 3.0, 0.03, 0.3, 0.5, (-4, 30)),
    Pair("level", "keller", 0.02, 0.0, 0.003, 0.003, (-0.05, 0.05)),
)


@dataclass
class Found:
    """Of one pair: readings of clean days and how many were flagged; seconds until each fault was found, or None."""

    readings: int
    false: int
    after: dict[str, list[int | None]]

    @property
    def missed(self) -> int:
        """Faults that were not found."""
        return sum(each.count(None) for each in self.after.values())

    @property
    def per_10_000(self) -> float:
        """False alarms in 10,000 clean readings."""
        return 1e4 * self.false / max(1, self.readings)


def line(pair: Pair, found: Found) -> str:
    """For people, below ``HEAD``."""
    slack = f"{pair.slack:g} {declared(pair.world).unit}"
    cells = " ".join(f"{_cell(after):>13}" for after in found.after.values())
    return f"{pair.quantity:<20}{pair.driver:<13} {slack:>13} {cells} {found.per_10_000:>14.2f}"


def _cell(after: list[int | None]) -> str:
    known = [seconds for seconds in after if seconds is not None]
    return f"{len(known)}/{len(after)}" + (f" {median(known) / 3600:.1f}h" if known else "")


def told(pair: Pair, found: Found) -> dict[str, object]:
    """As JSON."""
    named = {"quantity": pair.quantity, "driver": pair.driver, "filter": "drift", "slack": pair.slack}
    faults = {kind: {"injected": len(after), "after": after} for kind, after in found.after.items()}
    return {**named, "faults": faults, "false_per_10_000": round(found.per_10_000, 3)}


def days(pair: Pair, seeds: list[str]) -> Found:
    """A clean day, one with a drift and one with a small jump for each seed."""
    found = Found(0, 0, {"drift": [], "jump": []})
    for seed in seeds:
        flags = [*_flagged(pair, seed, "clean")]
        found.readings += len(flags)
        found.false += sum(flags)
        for kind, after in found.after.items():
            begin = BEGIN // PACE
            told = [*_flagged(pair, seed, kind)]
            found.false += sum(told[:begin])
            found.readings += begin
            after.append(next((at * PACE for at, yes in enumerate(told[begin:]) if yes), None))
    return found


def _flagged(pair: Pair, seed: str, kind: str) -> Iterator[bool]:
    """Whether each reading of a day was flagged."""
    random = Random(f"{kind} {seed} {pair.quantity} {pair.driver}")
    own, twin = _Sensor(pair, random), _Sensor(pair, random)
    work = Drift(
        {pair.quantity: own.quantity},
        quantity=pair.quantity, against=[f"twin/{pair.quantity}"], slack=pair.slack, after=float(AFTER),
    )  # fmt: skip
    wrong = pair.slack if pair.world.rests == 0.0 else pair.slack * random.choice((-1, 1))  # clean air has none to lack
    for at, values in enumerate(islice(pair.world.series(random), DAY)):
        if at % PACE:
            continue
        other = twin.reading("twin", at, values[pair.quantity])
        work.look_up = lambda sensor, quantity, other=other: other  # type: ignore[misc]
        reading = own.reading("dut", at, values[pair.quantity], wrong * _size(kind, at))
        yield any(one.quality is not GOOD for one in work(reading))


def _size(kind: str, at: int) -> float:
    """How many slacks the fault has come to."""
    if kind == "clean" or at < BEGIN:
        return 0.0
    return JUMP if kind == "jump" else 3.0 * (at - BEGIN) / RISE


class _Sensor:
    """One of a pair, with errors and a place of its own."""

    def __init__(self, pair: Pair, random: Random) -> None:
        self.quantity: Quantity = declared(pair.world)
        self._gain, self._offset = 1 + random.gauss(0, pair.gain), random.gauss(0, pair.offset)
        self._local = Wander(random, HOUR / 2 / PACE, pair.local)
        self._events = Bursts(random, 6 * PACE, pair.events, 60 / PACE, 600 / PACE)
        self._step = pair.world.step

    def reading(self, device: str, at: int, truth: float, wrong: float = 0.0) -> Reading:
        """What it shows."""
        value = truth * self._gain + self._offset + self._local.next() + self._events.next() + wrong
        shown = as_shown(value, self.quantity, self._step)
        return Reading(device, self.quantity.name, shown, self.quantity.unit, Stamp("boot", at * 10**9))
