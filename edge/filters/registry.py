"""Filters by name, each imported when it is first asked for: a node holds in memory only what it uses."""

import importlib
from collections.abc import Iterator, Mapping
from functools import cached_property

import drivers
from edge.filters.filter import Filter

GROUP = "edge.filters"


class Registry(Mapping[str, type[Filter]]):
    """What installed packages announce in the entry point group ``edge.filters``, in order of the names."""

    @cached_property
    def _targets(self) -> dict[str, str]:
        return dict(sorted(drivers.announced(GROUP).items()))

    def __getitem__(self, name: str) -> type[Filter]:
        module, _, attribute = self._targets[name].partition(":")
        found: type[Filter] = getattr(importlib.import_module(module), attribute)
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._targets

    def __iter__(self) -> Iterator[str]:
        return iter(self._targets)

    def __len__(self) -> int:
        return len(self._targets)


FILTERS = Registry()
