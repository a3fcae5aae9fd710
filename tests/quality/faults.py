"""What is done to a series: each fault has a time, a way to spoil the values, and a reason by which it is found."""

from collections.abc import Iterable, Iterator
from random import Random
from typing import NamedTuple

import drivers
from drivers import Quantity, Reason
from edge.reading import Level, Reading
from tests.quality.motion import DAY
from tests.quality.worlds import Values, World

KINDS = ("spike", "step", "clip", "dropout", "warm-up", "stuck")
JUMPED = Reason.SPIKE | Reason.RATE | Reason.OUT_OF_RANGE
REASONS = {
    "spike": JUMPED,
    "step": JUMPED,
    "clip": Reason.SATURATED | Reason.OUT_OF_RANGE,
    "warm-up": Reason.WARMING_UP,
    "stuck": Reason.STUCK | Reason.STALE,
}
SOON = 60  # seconds after which the beginning of a step is over


class Fault(NamedTuple):
    """From second ``begin`` up to ``end``; ``size`` is what is added, or the value at which it is clipped."""

    kind: str
    begin: int
    end: int
    size: float = 0.0

    def found_by(self, reading: Reading) -> bool:
        """Whether a reading within it says what is wrong."""
        if self.kind == "dropout":
            return reading.quality.level is Level.MISSING
        return bool(reading.quality.reasons & REASONS[self.kind])


def planned(world: World, random: Random, seconds: int) -> list[Fault]:
    """The faults of a day, or of a shorter time, one after the other: a start, spikes, steps and so on, a freeze."""
    quantity, warmup = declared(world), int(drivers.load(world.driver).timing.warmup)
    hours = _Hours(random, seconds / 24)
    faults = [Fault("warm-up", 0, warmup)] if warmup else []
    faults += [Fault("spike", at, end, _jump(world, quantity, random)) for at, end in hours.spans(1, 4, 20, 1)]
    if not world.absurd:
        faults += [Fault("step", at, end, _jump(world, quantity, random)) for at, end in hours.spans(4, 6, 6, 600)]
    if world.end:
        limit = quantity.high if world.end == "high" else quantity.low
        faults += [Fault("clip", at, end, limit) for at, end in hours.spans(6, 7, 3, 120)]
    faults += [Fault("dropout", at, end) for at, end in hours.spans(7, 8, 3, 150)]
    if warmup:
        cuts = hours.spans(8, 9, 3, warmup)
        faults += [Fault("warm-up", at, end, world.jump / 4) for at, end in cuts if end - at == warmup]
    first, last = int(seconds * 9.2 / 24), seconds - int(world.frozen)
    if world.frozen and first < last:
        begin = random.randrange(first, last)
        faults.append(Fault("stuck", begin, begin + int(world.frozen)))
    return faults


def declared(world: World) -> Quantity:
    """The quantity as the driver has it."""
    return next(one for one in drivers.load(world.driver).measures if one.name == world.quantity)


def measured(world: World, random: Random) -> Iterator[Values]:
    """The clean series in the resolution of the sensor and within its limits."""
    known = {one.name: one for one in drivers.load(world.driver).measures}
    for values in world.series(random):
        yield {name: as_shown(value, known[name], world.step) for name, value in values.items()}


def spoilt(world: World, clean: Iterable[Values], faults: list[Fault]) -> Iterator[Values | None]:
    """The series with its faults; None where the device says nothing."""
    due = iter([*faults, Fault("end", 10 * DAY, 10 * DAY)])
    fault, frozen = next(due), Values()
    for at, values in enumerate(clean):
        while at >= fault.end:
            fault, frozen = next(due), {}
        if fault.kind == "stuck" and at >= fault.begin and not frozen and values[world.quantity] != world.rests:
            frozen = values
        yield _hurt(world, fault, at, values, frozen) if at >= fault.begin else values


def _hurt(world: World, fault: Fault, at: int, values: Values, frozen: Values) -> Values | None:
    match fault.kind:
        case "dropout":
            return None
        case "stuck":
            return frozen or values
        case "clip":
            return {**values, world.quantity: fault.size}
        case "warm-up":  # it comes down to the truth
            return {name: value + fault.size * 0.9 ** (at - fault.begin) for name, value in values.items()}
    return {**values, world.quantity: values[world.quantity] + fault.size}


def as_shown(value: float, quantity: Quantity, step: float) -> float:
    """As the sensor gives it."""
    stepped = round(value / step) * step if step else round(value, quantity.decimals)
    return min(max(stepped, quantity.low), quantity.high)


class _Hours(NamedTuple):
    """The hours of a day, each as long as ``length`` seconds."""

    random: Random
    length: float

    def spans(self, first: float, last: float, count: int, longest: int) -> Iterator[tuple[int, int]]:
        """``count`` spans between two hours, in equal parts of that time, so that no fault meets another."""
        part = (last - first) * self.length / count
        for turn in range(count):
            begin = int(first * self.length + part * (turn + self.random.uniform(0.1, 0.4)))
            yield begin, begin + min(longest, int(part / 2))


def _jump(world: World, quantity: Quantity, random: Random) -> float:
    """Up, or down as well where there is something below."""
    size = world.jump * random.uniform(1.0, 2.0)
    return size if world.absurd or quantity.low >= 0 else size * random.choice((-1, 1))
