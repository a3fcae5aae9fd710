"""Thins readings that have to go: one value a minute stays, with count, lowest and highest."""

from collections.abc import Mapping, Sequence

from edge.clock import Stamp
from edge.filters.average import STRENGTHS, How, way
from edge.filters.grid import Grid
from edge.filters.interval import Intervals, strength
from edge.reading import Reading, Stored

INTERVAL = 60.0  # seconds
WORTH = 4  # readings that one that stays must replace on average

Speeds = Mapping[tuple[str, str, Stamp], Reading]


def thinned(stored: Sequence[Stored]) -> list[Reading]:
    """What stays: minute values as they are, and those of the rest; nothing where that would not save enough.

    Each quantity is averaged as the filter ``mean`` does it; of a total its last value stays.
    """
    minutes, speeds = Intervals(Grid(INTERVAL)), _speeds(stored)
    stays = [reading for _, reading in stored if reading.span >= INTERVAL]
    for _, reading in stored:
        if reading.span < INTERVAL:
            how = way(reading.quantity)
            stays += minutes.add(reading, how, _weight(reading, speeds) if how is How.VECTOR else 1.0)
    stays += minutes.rest()
    return stays if len(stays) * WORTH <= len(stored) else []


def _speeds(stored: Sequence[Stored]) -> Speeds:
    """What directions are weighted by, by device, quantity and moment."""
    wanted = set(STRENGTHS.values())
    return {(item.device, item.quantity, item.at): item for _, item in stored if item.quantity in wanted}


def _weight(direction: Reading, speeds: Speeds) -> float | None:
    return strength(direction, speeds.get((direction.device, STRENGTHS.get(direction.quantity, ""), direction.at)))
