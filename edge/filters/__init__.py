"""Filters between driver and outbox: one file a filter."""

from collections.abc import Iterable, Mapping

from drivers import Quantity
from edge.filters.calibrate import Calibrate
from edge.filters.chain import Chain
from edge.filters.convert import Convert
from edge.filters.cross import Cross
from edge.filters.deadband import Deadband
from edge.filters.defaults import Check, Wanted, completed, defaults
from edge.filters.derive import Derive
from edge.filters.exponential_mean import ExponentialMean
from edge.filters.filter import Filter, Unfit
from edge.filters.flagger import Flagger
from edge.filters.mean import Mean
from edge.filters.median import Median
from edge.filters.moving_mean import MovingMean
from edge.filters.range import Range
from edge.filters.rate import Rate
from edge.filters.spike import Spike
from edge.filters.stale import Stale
from edge.filters.stuck import Stuck
from edge.filters.voc_index import VocIndex

FILTERS: dict[str, type[Filter]] = {
    "calibrate": Calibrate,
    "convert": Convert,
    "cross": Cross,
    "deadband": Deadband,
    "exponential_mean": ExponentialMean,
    "derive": Derive,
    "mean": Mean,
    "median": Median,
    "moving_mean": MovingMean,
    "range": Range,
    "rate": Rate,
    "spike": Spike,
    "stale": Stale,
    "stuck": Stuck,
    "voc_index": VocIndex,
}

__all__ = ["FILTERS", "Chain", "Check", "Filter", "Flagger", "Unfit", "completed", "defaults", "linked"]


def linked(
    filters: Iterable[Wanted], quantities: Mapping[str, Quantity]
) -> tuple[list[tuple[str | None, Filter]], Mapping[str, Quantity]]:
    """The links of a chain behind a device that measures ``quantities``, and the quantities that leave the last one."""
    links: list[tuple[str | None, Filter]] = []
    for item in filters:
        work = FILTERS[item.type](quantities, **item.options)
        links.append((item.quantity, work))
        quantities = work.gives(item.quantity)
    return links, quantities
