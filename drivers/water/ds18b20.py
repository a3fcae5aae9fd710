"""Maxim DS18B20 and DS18S20 1-Wire thermometers, as the Linux driver w1_therm shows them."""

import re
from typing import Any

from drivers.bus import Files, Wire
from drivers.checks import crc8_maxim
from drivers.driver import Driver, Timing
from drivers.errors import BadData
from drivers.option import Option
from drivers.quantity import Quantity

TEXT = re.compile(r"((?:[0-9a-f]{2} ){9}): crc=[0-9a-f]{2} (YES|NO)\n(?:[0-9a-f]{2} ){9}t=(-?\d{1,7})\s*")
FAILED = 0x07FF  # what some clones hold after a conversion that failed


class DS18B20(Driver):
    """Reads ``w1_slave``, which takes the 0.75 s of a conversion, and decodes the scratchpad itself."""

    grade = "R"
    wire = Wire("w1")
    measures = (Quantity("water_temperature", "Cel", -55, 125, 4),)
    timing = Timing(interval=10.0)
    options = (Option("family", str, "28", "first two digits of the id: 28 DS18B20, 10 DS18S20", choices=("28", "10")),)

    def __init__(self, bus: Files, **options: Any) -> None:
        """``bus`` holds the files of one device."""
        super().__init__(bus, **options)
        self.files = bus

    def read(self) -> dict[str, float]:
        """The temperature of the scratchpad, if the kernel's own figure agrees."""
        pad, shown = parse(self.files.read("w1_slave"))
        value = celsius(pad, self.set["family"])
        unsigned = value + 4096 if value < 0 else value  # raspberrypi/linux#4124: -0.3125 shown as 4095.687
        if min(abs(value - shown), abs(unsigned - shown)) > 0.002:
            raise BadData(f"the scratchpad says {value}, the kernel {shown}")
        return {"water_temperature": value}


def parse(text: str) -> tuple[bytes, float]:
    """Scratchpad (9 bytes) and the kernel's Cel out of ``w1_slave``. Raises ``BadData`` for a reading to refuse."""
    found = TEXT.fullmatch(text)
    pad = bytes.fromhex(found[1]) if found else b""
    if not found or pad in (b"\xff" * 9, bytes(9)):
        raise BadData("nobody answers on the wire" if found else f"{text[:80]!r} is no w1_slave")
    if found[2] != "YES" or crc8_maxim(pad[:8]) != pad[8]:
        raise BadData("wrong CRC of the scratchpad")
    return pad, int(found[3]) / 1000


def celsius(pad: bytes, family: str = "28") -> float:
    """Cel of a scratchpad. Raises ``BadData`` for the power-on value (85 with 0C in byte 6) and a failed conversion."""
    raw = int.from_bytes(pad[:2], "little", signed=True)
    value = raw / 16 if family == "28" else (raw >> 1) - 0.25 + (16 - pad[6]) / 16
    if (value == 85 and pad[6] == 0x0C) or (family == "28" and raw == FAILED):
        raise BadData(f"{value} is what the device holds when no conversion took place")
    return value
