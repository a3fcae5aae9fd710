"""Which wire a sensor hangs on, whether it fits its driver, and whether another sensor has it already."""

import os
import re
from typing import Any

import drivers
from drivers import Driver
from edge.settings.source import Entry
from edge.settings.table import Table

WIRES = {  # key: the wire in words, how to write it
    "port": ("a serial port", 'port = "/dev/serial/by-id/..."'),
    "i2c": ("an I2C bus", "i2c = 1"),
    "gpio": ("a GPIO pin", "gpio = 17"),
    "w1": ("a 1-Wire bus", 'w1 = "28-0316a2794aff"'),
}
_BARE = re.compile(r"/dev/tty(USB|ACM)[0-9]+")
_W1 = re.compile(r"[0-9a-f]{2}-[0-9a-f]{12}")

Claims = dict[tuple[object, ...], tuple[str, Entry]]


class Wiring:
    """The wire of one sensor; ``got`` are its keys that are right in themselves."""

    def __init__(self, table: Table, got: dict[str, Any], driver: type[Driver]) -> None:
        self.table, self.got, self.wire = table, got, driver.wire
        self.name: str = got["driver"]

    def place(self, claims: Claims) -> str | int | None:
        """What ``drivers.plug`` takes; None after a problem. ``claims`` are the wires of the sensors before."""
        self._check_address()
        self._check_baud()
        key = self._key()
        if key is None or key not in self.got:
            return None
        place: str | int = self.got[key]
        if isinstance(place, str) and place.startswith("sim:"):
            self._check_simulator(key, place)
        else:
            self._check_path(key, place)
            self._claim(key, place, claims)
        return place

    def _key(self) -> str | None:
        """The one key that names a wire, if it is one and fits."""
        given = [key for key in WIRES if key in self.table.entry.value]
        what, example = WIRES[self.wire.key]
        fits = f"'{self.name}' hangs on {what}"
        if not given:
            self.table.missing(
                f"{fits}: '{self.wire.key}' is missing", f'write {example}, or {self.wire.key} = "sim://"'
            )
            return None
        if len(given) > 1:
            extra = next((key for key in given if key != self.wire.key), given[1])
            entry = self.table.entry.value[extra]
            self.table.at_key(entry, f"{self.table.owner} has several wires: {', '.join(given)}", f"{fits}: keep one")
            return None
        simulated = given[0] == "port" and str(self.got.get("port")).startswith("sim:")
        if given[0] != self.wire.key and not simulated:
            self.table.at_key(self.table.entry.value[given[0]], fits, f"use {example}")
            return None
        return given[0]

    def _check_address(self) -> None:
        entry, known = self.table.entry.get("address"), self.wire.addresses
        if entry is None or "address" not in self.got:
            return
        if not known and self.wire.key != "i2c":
            self.table.at_key(entry, f"'{self.name}' has no address", "remove this line")
        elif known and entry.value not in known:
            what = f"'{self.name}' cannot be at address {entry.written}"
            self.table.at_value(entry, what, f"its addresses: {', '.join(map(hex, known))}")

    def _check_baud(self) -> None:
        entry = self.table.entry.get("baud")
        if entry is not None and self.wire.key != "port":
            what = f"'{self.name}' hangs on {WIRES[self.wire.key][0]}, which has no 'baud'"
            self.table.at_key(entry, what, "remove this line")

    def _check_path(self, key: str, place: str | int) -> None:
        entry = self.table.entry.value[key]
        if key == "port" and not str(place).startswith("/"):
            what = f"'port' cannot be '{str(place)[:64]}'"
            self.table.at_value(entry, what, f"write {WIRES['port'][1]}; see: ls /dev/serial/by-id")
        elif key == "port" and _BARE.fullmatch(str(place)):
            what = f"{place} may be another device after the next start"
            self.table.at_value(entry, what, "better the name in: ls -l /dev/serial/by-id", "warning")
        elif key == "w1" and not _W1.fullmatch(str(place)):
            what = f"'w1' is not the id of a device: '{str(place)[:64]}'"
            self.table.at_value(entry, what, f"write {WIRES['w1'][1]}; see: ls /sys/bus/w1/devices")

    def _check_simulator(self, key: str, place: str) -> None:
        """Makes the plug but does not open it: a simulated pin may be held by the running node."""
        try:
            drivers.plug(self.name, place)
        except ValueError as error:
            what = f"no simulator answers at '{place[:64]}': {error}"
            self.table.at_value(self.table.entry.value[key], what, 'for example "sim://?fault=silent&after=30s"')

    def _claim(self, key: str, place: str | int, claims: Claims) -> None:
        entry = self.table.entry.value[key]
        claim, what = self._identity(key, place)
        if claim not in claims:
            claims[claim] = (self.table.owner, entry)
            return
        other, at = claims[claim]
        line = at.key.line if at.source.name == entry.source.name else f"{at.source.name}:{at.key.line}"
        self.table.at_value(entry, f"{what} is already taken by {other}", f"see line {line}; one of them is elsewhere")

    def _identity(self, key: str, place: str | int) -> tuple[tuple[object, ...], str]:
        """What no two sensors may share, and its name."""
        match key:
            case "port":
                return (key, os.path.realpath(str(place))), f"serial port {place}"  # by-id names are links
            case "i2c":
                address = self.got.get("address", self.wire.addresses[0] if self.wire.addresses else 0)
                return (key, place, address), f"address 0x{address:02x} of I2C bus {place}"
            case "gpio":
                return (key, place), f"GPIO {place}"
        return (key, place), f"1-Wire device {place}"
