"""A filter that only judges."""

import math
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import final

from edge.filters.filter import UNREAL, Filter
from edge.reading import GOOD, Level, Quality, Reading


class Flagger(Filter):
    """Says what is wrong with a value and leaves it alone.

    Flaggers that stand next to each other in a chain all judge the reading as it came to the first of them. So their
    order changes nothing, and none learns from what another one found: only what was bad or missing before, by word of
    the device or of a filter further up, is no value to them and stays out of their histories.
    """

    @abstractmethod
    def judge(self, reading: Reading, value: float) -> Quality:
        """What is wrong with the finite ``value`` of the reading; ``GOOD`` itself where nothing is."""

    @final
    def __call__(self, reading: Reading) -> Iterable[Reading]:
        """The reading, flagged where something is wrong with it."""
        return (judged(reading, (self,)),)


def judged(reading: Reading, flaggers: Sequence[Flagger]) -> Reading:
    """The reading with all that any of ``flaggers`` finds; each judges it as it is."""
    value, quality = reading.value, reading.quality
    if not flaggers or value is None or (quality is not GOOD and quality.level >= Level.BAD):
        return reading
    if not math.isfinite(value):
        return reading._replace(quality=quality.joined(UNREAL))
    for flagger in flaggers:
        found = flagger.judge(reading, value)
        if found is not GOOD:
            quality = quality.joined(found)
    return reading if quality is reading.quality else reading._replace(quality=quality)
