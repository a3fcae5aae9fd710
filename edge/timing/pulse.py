"""When the last pulse of a pulse-per-second line was, in ticks (driver pps-gpio, Documentation/driver-api/pps.rst).

The kernel stamps each pulse with its wall clock, right or wrong. The ticks of the same moment follow from reading both
clocks at once: however wrong the wall clock is, it is as wrong a moment later, unless it was stepped in between.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from edge.clock import Moment

FOLDER = Path("/sys/class/pps")
STAMP = re.compile(
    r"(-?\d{1,12})\.(\d{9})#(\d{1,10})\n?"
)  # seconds.nanoseconds of the wall clock # number of the pulse
OLD = 1_500_000_000  # ns after which the last pulse was not the last second


class Pulse(NamedTuple):
    """The ticks of a pulse, and how well they are known in seconds."""

    ticks: int
    error: float


class PulseLine:
    """A line such as pps0."""

    def __init__(self, name: str, moment: Callable[[], Moment], folder: Path = FOLDER) -> None:
        """``moment`` reads ticks and wall clock together."""
        self._file, self._moment = folder / name / "assert", moment

    def last(self) -> Pulse | None:
        """The pulse of the running second; None where none came, or the wall clock was stepped since."""
        try:
            match = STAMP.fullmatch(self._file.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None
        if match is None or match[3] == "0":
            return None
        now = self._moment()
        age = now.utc - int(match[1]) * 10**9 - int(match[2])
        return Pulse(now.ticks - age, now.apart) if 0 <= age <= OLD else None
