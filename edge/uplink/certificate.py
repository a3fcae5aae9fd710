"""Tells in good time when a certificate ends."""

import ssl
import time
from _ssl import _test_decode_cert  # type: ignore[attr-defined]  # all that the library has for a file
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Protocol

AHEAD = 30  # days
DAY = 86_400.0


class Tell(Protocol):
    """Notes an event."""

    def __call__(self, kind: str, /, *, destination: str, whose: str, days: int) -> None:
        """As ``Events.put``."""


def ends(path: str) -> float:
    """When the certificate in a PEM file expires, in seconds since 1970. Raises ``OSError`` and ``ValueError``."""
    return ssl.cert_time_to_seconds(_test_decode_cert(path)["notAfter"])


class Expiry:
    """Puts an event ``certificate`` once a day for each one that ends within ``AHEAD`` days."""

    def __init__(self, destination: str, tell: Tell, now: Callable[[], float] = time.monotonic) -> None:
        self._destination, self._tell, self._now = destination, tell, now
        self._next: dict[str, float] = {}

    def look(self, when: Mapping[str, Callable[[], float]], utc: int | None) -> None:
        """``when`` gives the end of each certificate in seconds since 1970, ``utc`` is the date in ns if known."""
        for whose, end in when.items():
            if utc is None or self._now() < self._next.get(whose, 0.0):
                continue
            self._next[whose] = self._now() + DAY
            with suppress(OSError, ValueError):  # a file that is just being renewed; the next connection will tell
                days = int((end() - utc / 1e9) // DAY)
                if days <= AHEAD:
                    self._tell("certificate", destination=self._destination, whose=whose, days=days)
