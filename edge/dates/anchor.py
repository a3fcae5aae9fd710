"""What ties the ticks of a boot to the calendar."""

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

DRIFT = 50e-6  # of the time since an anchor: what the oscillator of a small board may be off, warm or cold
MS = 1_000_000  # ns
RTC = "rtc"  # the source that never counts beside another one


class Stamp(NamedTuple):
    """A moment of one boot: boot id and nanoseconds of CLOCK_BOOTTIME."""

    boot: str
    ticks: int

    def in_ms(self) -> "Stamp":
        """The same moment in whole milliseconds: no process knows better when a frame ended."""
        return Stamp(self.boot, self.ticks // MS * MS)


class Trust(NamedTuple):
    """Where a date comes from, and its error bound in seconds."""

    source: str
    error: float


class Bounds(NamedTuple):
    """Between which dates (ns since 1970) a boot began that was never dated; None where nobody knows."""

    earliest: int | None = None
    latest: int | None = None


@dataclass(frozen=True, slots=True)
class Anchor:
    """Ties ``ticks`` of ``boot`` to ``utc`` (ns since 1970); ``source`` is ntp, gnss or rtc; ``error`` in seconds."""

    boot: str
    ticks: int
    utc: int
    source: str
    error: float

    def at(self, ticks: int) -> int:
        """The UTC of other ticks of the same boot, in ns since 1970."""
        return self.utc + ticks - self.ticks

    def bound(self, ticks: int) -> float:
        """The error bound in seconds at other ticks: it grows with the distance, as the oscillator drifts."""
        return self.error + DRIFT * abs(ticks - self.ticks) / 1e9

    def as_dict(self) -> dict[str, Any]:
        """For the state file and for events."""
        return asdict(self)
