"""What a day of one world came to."""

from dataclasses import dataclass, field
from itertools import islice
from random import Random

from drivers import NONE, Reason
from edge.reading import Reading
from tests.quality.faults import KINDS, SOON, Fault, measured, planned, spoilt
from tests.quality.trial import played
from tests.quality.worlds import World


@dataclass
class Result:
    """Faults by kind: how many there were, and after how many seconds each of those that were found was found."""

    injected: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    found: dict[str, list[int]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    readings: int = 0  # of the clean series
    false: dict[str, int] = field(default_factory=dict)  # alarms in them, by quantity and reason

    @property
    def missed(self) -> int:
        """Faults that were not found."""
        return sum(self.injected.values()) - sum(map(len, self.found.values()))

    @property
    def per_10_000(self) -> float:
        """False alarms in 10,000 clean readings."""
        return 1e4 * sum(self.false.values()) / max(1, self.readings)


def of_day(world: World, seed: str, seconds: int) -> Result:
    """The first ``seconds`` of a clean and of a spoilt day; a seed makes both."""
    result = Result()
    _clean(world, seed, seconds, result)
    _spoilt(world, seed, seconds, result)
    return result


def _clean(world: World, seed: str, seconds: int, result: Result) -> None:
    series = islice(measured(world, Random(f"clean {seed} {world.driver}")), seconds)
    for readings in played(world, series, ()):
        result.readings += len(readings)
        for reading in readings:
            if (alarm := reading.quality.reasons & ~Reason.WARMING_UP) != NONE:
                what = f"{reading.quantity} {' '.join(Reason(alarm).words())}"
                result.false[what] = result.false.get(what, 0) + 1


def _spoilt(world: World, seed: str, seconds: int, result: Result) -> None:
    random = Random(f"spoilt {seed} {world.driver}")
    faults = planned(world, random, seconds)
    series = islice(spoilt(world, measured(world, random), faults), seconds)
    cuts = {fault.begin for fault in faults if fault.kind == "warm-up" and fault.begin}
    seen = dict[int, list[Reading]]()
    for at, readings in enumerate(played(world, series, cuts)):
        seen[at] = [reading for reading in readings if reading.quantity == world.quantity]
    for fault in faults:
        result.injected[fault.kind] += 1
        if (after := _found(fault, seen)) is not None:
            result.found[fault.kind].append(after)


def _found(fault: Fault, seen: dict[int, list[Reading]]) -> int | None:
    """Seconds until it was found, None if it was not: a step at once or never, a warm-up as a whole."""
    end = fault.begin + SOON if fault.kind == "step" else fault.end
    told = [any(map(fault.found_by, seen[at])) for at in range(fault.begin, end) if seen[at]]
    if fault.kind == "warm-up":
        return 0 if told and all(told) else None
    return next((at for at, yes in enumerate(told) if yes), None)
