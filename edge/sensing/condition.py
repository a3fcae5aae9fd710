"""How a device is, and what it did since the start."""

from dataclasses import dataclass, field
from enum import Enum

from edge.reading import Reading


class Health(Enum):
    """How a device is."""

    STARTING = "starting"
    OK = "ok"
    ILL = "ill"


@dataclass(slots=True)
class Counts:
    """What a device did since the start; for status and bench."""

    good: int = 0
    bad: int = 0
    opened: int = 0
    resets: int = 0
    latest: dict[str, Reading] = field(default_factory=dict)  # the last value of each, calibrated, before the filters
