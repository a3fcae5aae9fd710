"""Thins readings that have to go: their interval means stay, with count, lowest and highest."""

from collections.abc import Sequence

from edge.filters.mean import Mean
from edge.reading import Reading, Stored

INTERVAL = 60.0  # seconds
WORTH = 4  # readings that one that stays must replace on average


def thinned(stored: Sequence[Stored]) -> list[Reading]:
    """What stays: means as they are, and the means of the rest; nothing where that would not save enough."""
    mean = Mean({}, interval=INTERVAL)
    stays = [reading for _, reading in stored if reading.span >= INTERVAL]
    for _, reading in stored:
        if reading.span < INTERVAL:
            stays += mean(reading)
    stays += mean.rest()
    return stays if len(stays) * WORTH <= len(stored) else []
