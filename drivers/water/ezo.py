"""What the Atlas Scientific EZO circuits share: replies in ASCII, behind a status byte (I2C) or in lines (UART)."""

import re
from collections.abc import Mapping
from typing import ClassVar

from drivers.driver import I2CDriver, Measurement
from drivers.errors import BadData, NoData
from drivers.option import Option
from drivers.quality import Reason

SIZE = 32  # bytes to ask for: status, text, 00
PROCESSING = 0.3  # seconds that a command other than a reading takes
OK, SYNTAX, PENDING, EMPTY = 1, 2, 254, 255
NUMBER = re.compile(r"-?\d+(\.\d+)?")
RESTARTS = {"P": "power", "S": "software", "B": "brown-out", "W": "watchdog", "U": "unknown"}
EVENTS = {
    "*OK": "ok",
    "*ER": "error",
    "*OV": "over-voltage",
    "*UV": "under-voltage",
    "*RS": "reset",
    "*RE": "ready",
    "*SL": "sleep",
    "*WA": "wake",
}
TEMPERATURE = Option(
    "temperature",
    float,
    None,
    "of the water, for compensation; without it what the circuit was told last",
    "Cel",
    -5,
    60,
)


class Circuit(I2CDriver):
    """A circuit in I2C mode (blue light): ``R``, and after ``timing.measure`` a status byte and numbers as text.

    ``setup`` are commands for the start; ``stops`` are values by quantity at which the circuit is at its end, be it
    that the probe is missing, dry or broken.
    """

    setup: ClassVar[tuple[str, ...]] = ()
    stops: ClassVar[tuple[tuple[str, float], ...]] = ()

    def start(self) -> None:
        """Sends ``setup``; the circuit keeps it in its flash."""
        for command in self.setup:
            self.transfer(command.encode(), pause=PROCESSING)

    def identity(self) -> Mapping[str, str]:
        """What ``i`` tells: the kind of circuit, and its firmware."""
        return device(reply(self.transfer(b"i", SIZE, PROCESSING)))

    def trigger(self) -> None:
        """One reading, compensated where a temperature is configured."""
        celsius = self.set.get("temperature")
        self.transfer(b"R" if celsius is None else f"RT,{celsius:.2f}".encode())

    def read(self) -> Measurement:
        """A number for each quantity, in the order of ``measures``."""
        found = numbers(reply(self.transfer(b"", SIZE)))
        if len(found) != len(self.measures):
            raise BadData(f"{len(found)} numbers where {len(self.measures)} are expected: {found}")
        values = {quantity.name: number for quantity, number in zip(self.measures, found, strict=True)}
        ends = [name for name, value in values.items() if (name, value) in self.stops]
        return Measurement(values, dict.fromkeys(ends, Reason.SATURATED))


def reply(data: bytes) -> str:
    """The text of an I2C reply. Raises ``NoData`` while the circuit works or was asked nothing, else ``BadData``."""
    status = data[0] if data else None
    if status in (PENDING, EMPTY):
        raise NoData("the circuit is still measuring" if status == PENDING else "the circuit has nothing to say")
    if status != OK:
        raise BadData("the circuit did not understand the command" if status == SYNTAX else f"no status: {status}")
    text = bytes(byte & 0x7F for byte in data[1:])  # early Pis set bit 7 (vendor's own sample code clears it)
    return text.partition(b"\0")[0].decode("ascii")


def numbers(text: str) -> list[float]:
    """The values of a reading, in the order of the enabled outputs. Raises ``BadData`` for anything else."""
    parts = text.split(",")
    if not all(NUMBER.fullmatch(part) for part in parts):
        raise BadData(f"{text!r} is no reading")
    return [float(part) for part in parts]


def status(text: str) -> tuple[str, float]:
    """Why the circuit restarted last, and its supply in V: ``?Status,P,5.038``. Raises ``BadData``."""
    found = re.fullmatch(r"\?Status,([PSBWU]),(\d+(?:\.\d+)?)", text, re.IGNORECASE)
    if not found:
        raise BadData(f"{text!r} is no status")
    return RESTARTS[found[1].upper()], float(found[2])


def device(text: str) -> dict[str, str]:
    """The kind of circuit and its firmware: ``?i,pH,1.98``. Raises ``BadData``."""
    found = re.fullmatch(r"\?i,([\w.]+),(\d+(?:\.\d+)*)", text, re.IGNORECASE)
    if not found:
        raise BadData(f"{text!r} is no device information")
    return {"model": f"EZO {found[1]}", "firmware": found[2]}


def lines(data: bytes) -> tuple[list[float], list[str]]:
    """UART: the values and the events (``*RS`` is "reset") of whole lines that end in CR. Raises ``BadData``."""
    values: list[float] = []
    events: list[str] = []
    for line in data.decode("ascii", "replace").split("\r")[:-1]:
        if line.startswith("*"):
            events.append(EVENTS.get(line, line))
        elif line:
            values += numbers(line)
    return values, events
