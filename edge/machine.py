"""The machine a node runs on, as far as Linux tells: disk, temperature, supply, radio, load.

What a machine does not have is left out. All is read below ``root``, so that a test can make a machine of files.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from edge.events import Events

log = logging.getLogger("edge.machine")

THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"  # Raspberry Pi: hexadecimal bits, see below
LOW_NOW, LOW_SINCE_BOOT = 1 << 0, 1 << 16
RADIO_HEADER = 2  # lines of /proc/net/wireless


class Machine:
    """One machine; ``folder`` is where the node keeps its readings."""

    def __init__(self, folder: Path, root: Path = Path("/")) -> None:
        self._folder, self._root = folder, root
        self._low = False
        self._dipped = self._throttled() & LOW_SINCE_BOOT  # before we looked: no news

    def status(self) -> dict[str, Any]:
        """Bytes of the disk, degrees Celsius of the hottest zone, load of a minute, dBm by interface, the supply."""
        told = {
            "disk": self._disk(),
            "temperature": max(self._temperatures(), default=None),
            "load": self._load(),
            "wireless": dict(self._radios()) or None,
            "under_voltage": self.under_voltage(),
        }
        return {name: value for name, value in told.items() if value is not None}

    def supply_news(self) -> bool | None:
        """Whether the supply is too low, if that is news since the last call; a short dip is news twice."""
        before, dipped = self._low, self._throttled() & LOW_SINCE_BOOT
        self._low = bool(self.under_voltage()) or dipped > self._dipped
        self._dipped = dipped
        return self._low if self._low != before else None

    def under_voltage(self) -> bool | None:
        """Whether the supply is too low now (below 4.63 V on a Raspberry Pi); None where nothing watches it."""
        for chip in self._root.glob("sys/class/hwmon/hwmon*"):
            if _text(chip / "name") == "rpi_volt" and (alarm := _text(chip / "in0_lcrit_alarm")) is not None:
                return alarm != "0"
        return bool(self._throttled() & LOW_NOW) if (self._root / THROTTLED).exists() else None

    def _throttled(self) -> int:
        with suppress(ValueError):
            return int(_text(self._root / THROTTLED) or "0", 16)
        return 0

    def _disk(self) -> dict[str, int] | None:
        try:
            about = os.statvfs(self._folder)
        except OSError:
            return None
        return {"free": about.f_bavail * about.f_frsize, "total": about.f_blocks * about.f_frsize}

    def _temperatures(self) -> Iterator[float]:
        for zone in self._root.glob("sys/class/thermal/thermal_zone*/temp"):
            with suppress(ValueError):
                yield int(_text(zone) or "") / 1000

    def _load(self) -> float | None:
        with suppress(ValueError):
            return float((_text(self._root / "proc/loadavg") or "").partition(" ")[0])
        return None

    def _radios(self) -> Iterator[tuple[str, float]]:
        """``wlan0: 0000   54.  -56.  -256 ...``: state, quality, level; a level above 0 is no dBm."""
        for line in (_text(self._root / "proc/net/wireless") or "").splitlines()[RADIO_HEADER:]:
            name, _, numbers = line.partition(":")
            with suppress(ValueError, IndexError):
                if (level := float(numbers.split()[2])) < 0:
                    yield name.strip(), level


def watch_supply(machine: Machine, events: Events) -> None:
    """Tells of a supply that is too low, and of its end; to be called every few seconds."""
    low = machine.supply_news()
    if low is not None:
        log.warning("the supply of this machine is %s", "too low: the card is at risk" if low else "well again")
        events.put("supply", low=low)


def _text(path: Path) -> str | None:
    """What a file of the kernel says; None where it is not there or does not answer."""
    try:
        return path.read_text(encoding="ascii", errors="replace").rstrip("\n")
    except OSError:
        return None
