"""Filters between driver and outbox: one file a filter, announced in the entry point group ``edge.filters``."""

from collections.abc import Iterable, Mapping

from drivers import Quantity
from edge.filters.chain import Chain, Link
from edge.filters.defaults import Check, Wanted, completed, defaults
from edge.filters.filter import Filter, Unfit
from edge.filters.flagger import Flagger
from edge.filters.registry import FILTERS

__all__ = ["FILTERS", "Chain", "Check", "Filter", "Flagger", "Unfit", "completed", "defaults", "linked"]


def linked(
    filters: Iterable[Wanted], quantities: Mapping[str, Quantity], before: Iterable[Link] = ()
) -> tuple[list[Link], Mapping[str, Quantity]]:
    """The links of a chain behind a device that measures ``quantities``, and the quantities that leave the last one.

    ``before`` are the links that these take the place of: a filter with the same options goes on, one with others takes
    over what it can.
    """
    links, left = [], list(before)
    for item in filters:
        work = FILTERS[item.type](quantities, **item.options)
        links.append((item.quantity, _continued(work, item.quantity, left)))
        quantities = work.gives(item.quantity)
    return links, quantities


def _continued(new: Filter, quantity: str | None, left: list[Link]) -> Filter:
    """The filter that goes on for ``new``, taken out of ``left``, or ``new`` itself."""
    link = next((link for link in left if link[0] == quantity and type(link[1]) is type(new)), None)
    if link is None:
        return new
    left.remove(link)
    if link[1].set == new.set:
        return link[1]
    new.succeed(link[1])
    return new
