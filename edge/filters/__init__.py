"""Filters between driver and outbox: one file a filter, announced in the entry point group ``edge.filters``."""

from collections.abc import Iterable, Mapping

from drivers import Quantity
from edge.filters.chain import Chain
from edge.filters.defaults import Check, Wanted, completed, defaults
from edge.filters.filter import Filter, Unfit
from edge.filters.flagger import Flagger
from edge.filters.registry import FILTERS

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
