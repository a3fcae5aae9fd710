"""Tells the centre what comes into the audit trail, so that who commanded what is known beyond the node.

Each command that was taken; of those that were rejected as many as a metered link can bear, as anybody on the broker
can send them. The sum of the line is told with it: who has these proves that the trail was not written anew.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from edge.commands.audit import Noted
from edge.pace import Allowance

Tell = Callable[..., None]

TOLD, TOLD_EVERY = 20, 600.0  # rejected ones told at once, then one in so many seconds
SHORT = 64  # characters of an argument; of a longer one the sum is told, as it may be a whole configuration


class Witness:
    """``tell`` takes the fields of an event."""

    def __init__(self, tell: Tell, now: Callable[[], float]) -> None:
        self._tell, self._allowance = tell, Allowance(TOLD, TOLD_EVERY, now)
        self._untold = 0

    def taken(self, noted: Noted | None, args: Mapping[str, Any], named: Mapping[str, Any]) -> None:
        """A command passed all checks; ``named`` says which and whose."""
        told = {name: _brief(value) for name, value in args.items()}
        self._tell(**_line(noted), what="command", **named, args=told)

    def rejected(self, noted: Noted | None, code: str, named: Mapping[str, Any]) -> None:
        """One has no effect; ``named`` is empty where its author is not known."""
        if not self._allowance.take():
            self._untold += 1
            return
        untold, self._untold = self._untold, 0
        self._tell(**_line(noted), what="rejected", code=code, untold=untold, **named)


def _line(noted: Noted | None) -> dict[str, Any]:
    return {"n": noted and noted.number, "sum": noted and noted.sum}


def _brief(value: Any) -> Any:
    if not isinstance(value, str) or len(value) <= SHORT:
        return value
    text = value.encode(errors="surrogatepass")
    return {"sha256": hashlib.sha256(text).hexdigest(), "bytes": len(text)}
