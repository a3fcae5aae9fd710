"""Payloads by name, as installed packages announce them in the entry point group ``edge.payloads``."""

import importlib

import drivers
from edge.payload.payload import Payload

GROUP = "edge.payloads"


def names() -> list[str]:
    """The names of all installed payloads, in order."""
    return sorted(drivers.announced(GROUP))


def load(name: str) -> type[Payload]:
    """The payload of that name. Raises ``LookupError`` when none is installed, ``ImportError`` when it is broken."""
    try:
        module, _, attribute = drivers.announced(GROUP)[name].partition(":")
    except KeyError:
        raise LookupError(f"no payload is called {name!r}; there are: {', '.join(names())}") from None
    payload: type[Payload] = getattr(importlib.import_module(module), attribute)
    return payload
