"""A key that a driver or a filter takes from the configuration, with its type, limits and meaning."""

from dataclasses import dataclass
from typing import Final

REQUIRED: Final = object()


@dataclass(frozen=True, slots=True)
class Option:
    """One key.

    ``kind`` is float, int, str, bool, list, "numbers", "points" (pairs of numbers), "months" (twelve pairs of numbers
    or None), "duration" (seconds) or "tables" (a list of tables).
    """

    name: str
    kind: type | str
    default: object
    help: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def required(self) -> bool:
        """Whether a configuration must give this key."""
        return self.default is REQUIRED
