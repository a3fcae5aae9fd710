"""Filters between driver and outbox: one file a filter."""

from edge.filters.calibrate import Calibrate
from edge.filters.chain import Chain
from edge.filters.filter import Filter
from edge.filters.mean import Mean
from edge.filters.range import Range
from edge.filters.voc_index import VocIndex

FILTERS: dict[str, type[Filter]] = {"calibrate": Calibrate, "mean": Mean, "range": Range, "voc_index": VocIndex}

__all__ = ["FILTERS", "Chain", "Filter"]
