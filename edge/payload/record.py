"""A reading as a receiver sees it."""

from typing import NamedTuple

from edge.reading import Spread


class Unreadable(ValueError):
    """A message that cannot be decoded, and why."""


class UnknownTable(Unreadable):
    """A message whose channel table has not come (yet); ``digest`` names the inventory that has it."""

    def __init__(self, digest: str) -> None:
        super().__init__(f"the inventory {digest} has not come, without it the channels have no names")
        self.digest = digest


class Record(NamedTuple):
    """One value. ``time`` is in seconds since 1970, or, where ``boot`` is not None, since the start of that boot.

    ``seq`` is None for a reading that never got one; ``value`` None is bad or missing. ``level``, ``reasons``,
    ``span``, ``raw`` and ``spread`` are as in a reading.
    """

    node: str
    seq: int | None
    device: str
    quantity: str
    unit: str
    value: float | None
    time: float
    boot: str | None = None
    level: int = 1
    reasons: tuple[str, ...] = ()
    span: float = 0.0
    raw: float | None = None
    spread: Spread | None = None
