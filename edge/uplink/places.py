"""Where brokers are: what the name service says, and which address led to each of them last.

That is kept over a restart: a node that comes back while the name service is dead still finds its broker. It is no
proof of anything: TLS checks the name of whoever answers there.
"""

import socket
from collections.abc import Callable, Mapping, Sequence
from itertools import chain, zip_longest
from typing import Any, NamedTuple

from edge.state import State


class Place(NamedTuple):
    """An address as ``connect`` of a socket wants it."""

    family: int
    address: tuple[Any, ...]


Lookup = Callable[[str, int], Sequence[Place]]


def look_up(host: str, port: int) -> list[Place]:
    """All addresses of a name, both families in turn. Raises ``OSError``; may take half a minute."""
    plain: str | bytes = host.encode() if host.isascii() else host  # a text would bring in IDNA, 1 MB of tables
    found = socket.getaddrinfo(plain, port, type=socket.SOCK_STREAM)
    places = [Place(family, address) for family, _, _, _, address in found]
    families = [[place for place in places if place.family == family] for family in dict.fromkeys(p[0] for p in places)]
    return [place for place in chain.from_iterable(zip_longest(*families)) if place is not None]


class Places:
    """The name service, and the address that led to each broker last; safe from any thread."""

    def __init__(self, saved: Mapping[str, Any] | None = None, lookup: Lookup = look_up) -> None:
        """``saved`` are the addresses as text by ``host:port``, as ``save`` keeps them."""
        self.lookup = lookup
        self._known = {broker: text for broker, text in (saved or {}).items() if isinstance(text, str)}

    def good(self, host: str, port: int) -> Place | None:
        """The address that led to this broker last; None where there is none, or what was kept makes no sense."""
        try:
            found = socket.getaddrinfo(  # of an address in digits, which asks nobody
                self._known[f"{host}:{port}"].encode(), port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
            )
        except (KeyError, OSError, UnicodeError):
            return None
        family, _, _, _, address = found[0]
        return Place(family, address)

    def keep(self, host: str, port: int, place: Place) -> None:
        """This one did lead to the broker."""
        self._known[f"{host}:{port}"] = place.address[0]

    def save(self, state: State) -> None:
        """Keeps what has changed. Raises ``StorageError``."""
        state.save("places", dict(self._known))
