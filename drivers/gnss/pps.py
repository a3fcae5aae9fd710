"""A pulse per second on a GPIO line, as the kernel shows it (driver pps-gpio, Documentation/driver-api/pps.rst)."""

import re
from typing import Any

from drivers.bus import Files, Wire
from drivers.driver import Driver, Measurement, Timing
from drivers.errors import BadData, NoData
from drivers.option import Option
from drivers.quality import NONE, Reason
from drivers.quantity import Quantity

PULSE = re.compile(r"(\d{1,12})\.(\d{9})#(\d{1,10})")  # seconds.nanoseconds of the system clock # number of the pulse
SECOND = 1_000_000_000  # nanoseconds
LATE = 18  # questions to the kernel, 0.05 s apart, until a pulse is missing 2 s after the one before


class PPS(Driver):
    """How far the system clock was ahead of the pulse (behind: negative), to the nearest second.

    Each measurement waits for a new pulse. Where none comes, the old one is given as stale.
    """

    wire = Wire("pps")
    measures = (Quantity("clock_offset", "s", -0.5, 0.5, 9),)
    timing = Timing(measure=1.1, interval=10.0)
    options = (
        Option("tolerance", "duration", 0.001, "offset beyond which the clock is flagged", "s", low=0, high=0.5),
        Option("edge", str, "assert", "which edge of the pulse is the second", choices=("assert", "clear")),
    )

    def __init__(self, bus: Files, **options: Any) -> None:
        """``bus`` has the files of /sys/class/pps/pps0."""
        super().__init__(bus, **options)
        self.files = bus
        self.seen = ""
        self.asked = 0

    def trigger(self) -> None:
        """Remembers the last pulse; the next one is awaited."""
        self.seen, self.asked = self.files.read(self.set["edge"]), 0

    def read(self) -> Measurement:
        """Nanoseconds below half a second are ahead of the pulse, those above are behind the next one."""
        text, self.asked = self.files.read(self.set["edge"]), self.asked + 1
        if text == self.seen and self.asked < LATE:
            raise NoData("no pulse since the last one")
        match = PULSE.fullmatch(text.strip())
        if not match:
            raise BadData(f"{text[:40]!r} is not seconds.nanoseconds#number")
        if not int(match[3]):
            raise NoData("no pulse yet: the receiver has no fix, or the line is not connected")
        late = int(match[2])
        offset = (late if late < SECOND // 2 else late - SECOND) / SECOND
        reason = Reason.CLOCK if abs(offset) > self.set["tolerance"] else NONE
        reason |= Reason.STALE if text == self.seen else NONE
        return Measurement({"clock_offset": offset}, {"clock_offset": reason} if reason else {})
