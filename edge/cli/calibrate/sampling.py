"""Takes readings from the running node as they come, for a calibration."""

import sys
import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from statistics import median
from threading import Event
from typing import Any, NamedTuple

from edge.cli import exits
from edge.cli.calibrate.desk import Ask
from edge.maths.fit import Pair
from edge.maths.steady import Rest, rest
from edge.reading import Level

LOOK = 0.2  # seconds between two looks at what a sensor gave last
ENOUGH = 10  # pairs against a reference sensor that make a record


class Sample(NamedTuple):
    """A reading: when in ns since boot, as the device gave it and as it counts now, and whether nothing is wrong."""

    ticks: int
    raw: float
    value: float
    good: bool


def steady(
    ask: Ask, sensor: str, quantity: str, digit: float, count: int, within: float | None, seconds: float
) -> Rest:
    """The last ``count`` readings, as soon as they are steady; ``within`` is the spread that counts as that.

    Raises ``Failure`` where they are not after ``seconds``.
    """
    found, taken = settled(_series(ask, [(sensor, quantity)], seconds), digit, count, within)
    if found is None or not _calm(found, within):
        raise exits.Failure(_unsteady(sensor, quantity, found, taken, count, seconds), exits.FAILED)
    return found


def settled(
    series: Iterable[tuple[Sample, ...]], digit: float, count: int, within: float | None
) -> tuple[Rest | None, int]:
    """How the last ``count`` readings lie, taken no further than they are steady, and how many there were of them."""
    taken: list[float] = []
    found = None
    for (sample,) in series:
        taken = [*taken, sample.raw][-count:]
        if len(taken) < count:
            _progress(f"{len(taken)} of {count} readings, now {sample.raw:g}")
            continue
        found = rest(taken, digit)
        _progress(f"now {sample.raw:g}, spread {found.spread:.3g}, drift {found.drift:+.3g}")
        if _calm(found, within):
            break
    _progress("")
    return found, len(taken)


def _calm(found: Rest, within: float | None) -> bool:
    return found.steady if within is None else found.spread <= within


def against(ask: Ask, channels: Sequence[tuple[str, str]], seconds: float) -> list[Pair]:
    """Raw readings of the first channel beside what the second one said at the same time. Raises ``Failure``."""
    series: list[list[Sample]] = [[], []]
    end = time.monotonic() + seconds
    for samples in _series(ask, channels, seconds):
        for kept, sample in zip(series, samples, strict=True):
            if not kept or kept[-1].ticks != sample.ticks:
                kept.append(sample)
        _progress(f"{len(series[0])} and {len(series[1])} readings, {max(0.0, end - time.monotonic()):.0f} s more")
    _progress("")
    pairs = matched(series[0], [sample for sample in series[1] if sample.good])
    if len(pairs) < ENOUGH:
        (sensor, _), (other, _) = channels
        why = f"only {len(pairs)} readings of {sensor} have a good one of {other} beside them, {ENOUGH} are needed"
        raise exits.Failure(f"{why}. See edge status, or take longer: --for", exits.FAILED)
    return pairs


def matched(ours: Sequence[Sample], theirs: Sequence[Sample]) -> list[Pair]:
    """Each raw reading with the nearest value of the reference, where one is not further away than its own pace."""
    if len(theirs) < 2:
        return []
    at = [sample.ticks for sample in theirs]
    pace = median(later - earlier for earlier, later in pairwise(at))
    pairs = []
    for sample in ours:
        right = min(bisect_left(at, sample.ticks), len(at) - 1)
        near = min(theirs[max(0, right - 1) : right + 1], key=lambda one: abs(one.ticks - sample.ticks))
        if abs(near.ticks - sample.ticks) <= pace:
            pairs.append((sample.raw, near.value))
    return pairs


def _series(ask: Ask, channels: Sequence[tuple[str, str]], seconds: float) -> Iterator[tuple[Sample, ...]]:
    """The latest readings of some channels, whenever one of them is new."""
    pause, end, last = Event(), time.monotonic() + seconds, None
    while time.monotonic() < end:
        samples = tuple(_sample(ask("values", sensor=sensor).get(quantity)) for sensor, quantity in channels)
        if samples != last and None not in samples:
            last = samples
            yield samples  # type: ignore[misc]
        pause.wait(LOOK)


def _sample(value: dict[str, Any] | None) -> Sample | None:
    """None for what cannot be calibrated with: bad, missing, or of a sensor that warms up."""
    if value is None or value["value"] is None or value["level"] >= Level.BAD or "warming_up" in value["reasons"]:
        return None
    return Sample(value["ticks"], value["raw"], value["value"], value["level"] == Level.GOOD)


def _unsteady(sensor: str, quantity: str, found: Rest | None, got: int, count: int, seconds: float) -> str:
    if found is None:
        return f"{sensor}/{quantity} gave {got} of {count} readings within {seconds:g} s. See: edge status"
    seen = f"over the last {found.count} readings the spread is {found.spread:.3g} and the drift {found.drift:+.3g}"
    return (
        f"{sensor}/{quantity} is not steady: {seen}, and chance would make {found.allowed:.3g} of it."
        " Wait and do it again, or say what is good enough: --within SPREAD"
    )


def _progress(text: str) -> None:
    """One line that is written over and over, on a terminal only."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
