"""What a clock chip with a battery says (Documentation/ABI/testing/rtc-cdev, /sys/class/rtc)."""

from pathlib import Path

from edge.clock import AHEAD, Clock
from edge.dates.anchor import DRIFT, RTC, Anchor

FOLDER = Path("/sys/class/rtc")
ERROR = 2.0  # s: it tells whole seconds, and was set to whole seconds


def anchor(clock: Clock, device: str, folder: Path = FOLDER) -> Anchor | None:
    """An anchor for now; None where the chip cannot be read or says what cannot be.

    It drifted since it was set, at best when the node knew the date last.
    """
    try:
        seconds = int((folder / device / "since_epoch").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    utc, floor = seconds * 10**9 + 10**9 // 2, clock.floor
    if not floor <= utc <= floor + AHEAD:
        return None
    return Anchor(clock.boot, clock.now().ticks, utc, RTC, ERROR + DRIFT * (utc - floor) / 1e9)
