"""Filters between driver and outbox: one file a filter."""

from edge.filters.calibrate import Calibrate
from edge.filters.chain import Chain
from edge.filters.filter import Filter, Unfit
from edge.filters.flagger import Flagger
from edge.filters.mean import Mean
from edge.filters.range import Range
from edge.filters.rate import Rate
from edge.filters.spike import Spike
from edge.filters.stuck import Stuck
from edge.filters.voc_index import VocIndex

FILTERS: dict[str, type[Filter]] = {
    "calibrate": Calibrate,
    "mean": Mean,
    "range": Range,
    "rate": Rate,
    "spike": Spike,
    "stuck": Stuck,
    "voc_index": VocIndex,
}

__all__ = ["FILTERS", "Chain", "Filter", "Flagger", "Unfit"]
