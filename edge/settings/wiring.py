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
    "pps": ("a pulse-per-second line", 'pps = "pps0"'),
}
NETWORK = ("the network", 'port = "tcp://127.0.0.1:2947"')  # a device without a rate
KERNEL = {  # key: the shape of a name, what it is, where the names are, what a device is called
    "w1": (re.compile(r"[0-9a-f]{2}-[0-9a-f]{12}"), "the id of a device", "/sys/bus/w1/devices", "1-Wire device"),
    "pps": (re.compile(r"pps[0-9]{1,3}"), "the name of a line", "/sys/class/pps", "PPS line"),
}
_BARE = re.compile(r"/dev/tty(USB|ACM)[0-9]+")
_HOST = re.compile(r"tcp://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}")

SHARED = 5  # parts of the claim on a place of a shared serial port: key, path, baud, parity, unit
LAST_UNIT = 247  # of Modbus; a device answers to the addresses above whatever its own is

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
        what, example = self._words()
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
            self.table.at_value(entry, what, f"its addresses: {_listed(known)}")

    def _check_baud(self) -> None:
        entry = self.table.entry.get("baud")
        if entry is not None and not self.wire.baud:
            what = f"'{self.name}' hangs on {self._words()[0]}, which has no 'baud'"
            self.table.at_key(entry, what, "remove this line")

    def _check_path(self, key: str, place: str | int) -> None:
        entry = self.table.entry.value[key]
        network, example = str(place).startswith("tcp:"), self._words()[1]
        if key == "port" and (network or not self.wire.baud):
            if not _HOST.fullmatch(str(place)):
                what = f"'port' cannot be '{str(place)[:64]}'"
                self.table.at_value(entry, what, f"write host and port as in {NETWORK[1]}")
        elif key == "port" and not str(place).startswith("/"):
            what = f"'port' cannot be '{str(place)[:64]}'"
            self.table.at_value(entry, what, f"write {example}; see: ls /dev/serial/by-id")
        elif key == "port" and _BARE.fullmatch(str(place)):
            what = f"{place} may be another device after the next start"
            self.table.at_value(entry, what, "better the name in: ls -l /dev/serial/by-id", "warning")
        elif key in KERNEL and not KERNEL[key][0].fullmatch(str(place)):
            what = f"'{key}' is not {KERNEL[key][1]}: '{str(place)[:64]}'"
            self.table.at_value(entry, what, f"write {example}; see: ls {KERNEL[key][2]}")

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
        rival = claim if claim in claims else self._rival(claim, claims)
        if rival is None:
            claims[claim] = (self.table.owner, entry)
            return
        other, at = claims[rival]
        if key == "port" and len(rival) == len(claim) == SHARED and rival[2:4] != claim[2:4]:
            what = f"serial port {place} at another rate or parity"
        line = at.key.line if at.source.name == entry.source.name else f"{at.source.name}:{at.key.line}"
        self.table.at_value(entry, f"{what} is already taken by {other}", f"see line {line}; one of them is elsewhere")

    def _rival(self, claim: tuple[object, ...], claims: Claims) -> tuple[object, ...] | None:
        """A sensor on the same serial port that cannot share it with this one: same unit, other rate, or no sharing."""
        for other in claims:
            if claim[0] != "port" or other[:2] != claim[:2]:
                continue
            if len(other) != SHARED or len(claim) != SHARED or other[2:4] != claim[2:4]:
                return other
            units = {other[4], claim[4]}
            if len(units) == 1 or any(isinstance(unit, int) and unit > LAST_UNIT for unit in units):
                return other
        return None

    def _identity(self, key: str, place: str | int) -> tuple[tuple[object, ...], str]:
        """What no two sensors may share, and its name."""
        match key:
            case "port":
                real = os.path.realpath(str(place))  # by-id names are links
                if not self.wire.shared:
                    return (key, real), f"serial port {place}"
                unit = self.got.get("address", self.wire.addresses[0] if self.wire.addresses else self.table.owner)
                line = (self.got.get("baud") or self.wire.baud, self.wire.parity)
                what = f"address {unit} of serial port {place}" if self.wire.addresses else f"serial port {place}"
                return (key, real, *line, unit), what
            case "i2c":
                address = self.got.get("address", self.wire.addresses[0] if self.wire.addresses else 0)
                what = f"address 0x{address:02x} of I2C bus {place}"
                if not self.wire.shared:
                    return (key, place, address), what
                channel = self._channel()
                return (key, place, address, channel), f"channel {channel} at {what}"
            case "gpio":
                return (key, place), f"GPIO {place}"
        return (key, place), f"{KERNEL[key][3]} {place}"

    def _channel(self) -> object:
        """Which input of a converter a sensor hangs on: its own option ``channel``."""
        options = self.table.entry.get("options")
        given = options.get("channel") if options is not None and isinstance(options.value, dict) else None
        return (
            given.value
            if given is not None
            else next((option.default for option in drivers.load(self.name).options if option.name == "channel"), None)
        )

    def _words(self) -> tuple[str, str]:
        """The wire of this driver in words, and how to write it."""
        return NETWORK if self.wire.key == "port" and not self.wire.baud else WIRES[self.wire.key]


def claim_switch(table: Table, got: dict[str, Any], key: str, claims: Claims) -> None:
    """A line that switches something, such as the supply of a sensor, can do nothing else."""
    if key not in got:
        return
    entry = table.entry.value[key]
    other, at = claims.setdefault(("gpio", got[key]), (table.owner, entry))
    if at is not entry:
        table.at_value(entry, f"GPIO {got[key]} is already taken by {other}", f"see line {at.key.line}")


def _listed(addresses: tuple[int, ...]) -> str:
    """Few of them one by one, many from and to."""
    return ", ".join(map(hex, addresses)) if len(addresses) < 9 else f"{min(addresses)} to {max(addresses)}"
