"""Drivers by name, as installed packages announce them in the entry point group ``edge.drivers``."""

import importlib
import sys
from functools import cache
from pathlib import Path

from drivers.driver import Driver

GROUP = "edge.drivers"


def names() -> list[str]:
    """The names of all installed drivers, in order."""
    return sorted(announced(GROUP))


def load(name: str) -> type[Driver]:
    """The driver of that name. Raises ``LookupError`` when none is installed, ``ImportError`` when it is broken."""
    try:
        module, _, attribute = announced(GROUP)[name].partition(":")
    except KeyError:
        raise LookupError(f"no driver is called {name!r}; see: edge driver list") from None
    driver: type[Driver] = getattr(importlib.import_module(module), attribute)
    return driver


@cache
def announced(group: str) -> dict[str, str]:
    """What installed packages announce in an entry point group: ``module:attribute`` by name.

    Read from the metadata files themselves: importlib.metadata would cost a node 18 modules and 2 MB.
    """
    found: dict[str, str] = {}
    for folder in sys.path:
        for pattern in ("*.dist-info/entry_points.txt", "*.egg-info/entry_points.txt"):
            for path in sorted(Path(folder or ".").glob(pattern)):
                found = _section(path.read_text(encoding="utf-8"), group) | found
    return found


def _section(text: str, group: str) -> dict[str, str]:
    entries: dict[str, str] = {}
    inside = False
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("["):
            inside = line == f"[{group}]"
        elif inside and "=" in line:
            name, _, target = line.partition("=")
            entries[name.strip()] = target.strip()
    return entries
