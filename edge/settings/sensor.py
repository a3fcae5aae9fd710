"""A sensor of a configuration, against the driver it names."""

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import drivers
from drivers import REQUIRED, Driver, Option, Quantity
from edge.settings import units
from edge.settings.compensate import compensate
from edge.settings.model import FilterSettings, SensorSettings
from edge.settings.report import Report
from edge.settings.source import Entry
from edge.settings.table import Table
from edge.settings.wiring import WIRES, Claims, Wiring, claim_switch

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
NAMING = "A-Z a-z 0-9 - _ . and at most 64 of them, a letter or digit first"

SENSOR = (
    Option("name", str, REQUIRED, 'give it a name that is unique in the node: name = "pm"'),
    Option("driver", str, REQUIRED, 'name its driver, for example driver = "pms5003"; see: edge driver list'),
    Option("port", str, "", 'a serial port, e.g. port = "/dev/serial/by-id/..."'),
    Option("i2c", "number", None, "the number of the bus, e.g. 1 for /dev/i2c-1", low=0, high=255),
    Option("gpio", "number", None, "BCM 17 is pin 11 of the header", "BCM numbering", low=0, high=27),
    Option("w1", str, "", 'the id of the device, e.g. w1 = "28-0316a2794aff"'),
    Option("pps", str, "", 'the name of the line under /sys/class/pps, e.g. pps = "pps0"'),
    Option("baud", int, None, "a rate that the device can speak, e.g. 9600", "baud", low=50, high=4_000_000),
    Option("address", int, None, "of an I2C device, e.g. 0x44, or the unit of a Modbus device", low=1, high=254),
    Option("interval", "duration", None, 'how often a value is taken, e.g. "10s"', low=0.001, high=7 * 86400),
    Option("options", "table", None, "[sensor.options]"),
    Option("power", int, None, "the GPIO line that switches its supply, BCM numbering", low=0, high=27),
    Option("compensate", "table", None, "[sensor.compensate]"),
    Option("defaults", bool, True, "whether its quantities are checked as befits them, before its own filters"),
    Option("filter", "tables", (), "[[sensor.filter]]"),
)

AS_WRITTEN = ("name", "driver", "baud", "address", "interval", "power", "defaults")
OF_THE_DRIVER: dict[str, Any] = {"baud": None, "address": None, "interval": None}  # unless they are given
OF_A_SENSOR = {option.name: "it belongs to a sensor: put it right below [[sensor]]" for option in SENSOR}

FILTER = (
    Option("type", str, REQUIRED, "which filter; each has keys of its own"),
    Option("quantity", str, None, "which quantity of the sensor; without it, all of them"),
)


def sensor(entry: Entry, claims: Claims, report: Report) -> SensorSettings | None:
    """The settings of one ``[[sensor]]``; None when it has problems, which are in the report."""
    table = Table(entry, owner(entry, "sensor"), report)
    driver = _driver(table)
    got = table.take(SENSOR, elsewhere=_below(driver))
    check_name(table, got)
    if driver is None:
        return None
    place = Wiring(table, got, driver).place(claims)
    claim_switch(table, got, "power", claims)
    _check_pace(table, got, driver)
    given = _options(table, got, driver)
    quantities = {quantity.name: quantity for quantity in _measured(table, given, driver)}
    inputs = compensate(table, got, driver)
    filters = [_filter(item, table, quantities) for item in got.get("filter", ())]
    _check_means(table, got)
    if report.failed or place is None:
        return None
    return SensorSettings(
        **OF_THE_DRIVER | {key: got[key] for key in AS_WRITTEN if key in got},
        place=place,
        options=given,
        filters=tuple(item for item in filters if item is not None),
        wire=driver.wire.key,
        compensate=inputs,
    )


def _below(driver: type[Driver] | None) -> dict[str, str]:
    """Where keys belong that people write right into the sensor."""
    options = driver.options if driver is not None else ()
    return {option.name: "an option of the driver: put it below [sensor.options]" for option in options}


def owner(entry: Entry, section: str) -> str:
    """A table in words: "sensor 'pm'", or "[sensor]" where it has no name."""
    name = entry.get("name")
    if name is None or not isinstance(name.value, str) or not name.value:
        return f"[{section}]"
    return f"{section} '{name.value[:64]}'"


def check_name(table: Table, got: dict[str, Any]) -> None:
    """Names become parts of topics and of file names."""
    if "name" in got and not NAME.fullmatch(got["name"]):
        table.at_value(table.entry.value["name"], f"'name' cannot be '{got['name'][:64]}'", NAMING)


def _driver(table: Table) -> type[Driver] | None:
    named = table.entry.get("driver")
    if named is None or not isinstance(named.value, str):
        return None
    try:
        driver = drivers.load(named.value)
        if driver.wire.key not in WIRES:
            raise TypeError(f"nobody knows a wire of kind {driver.wire.key!r}")
        return driver
    except LookupError:
        table.cannot_be("driver", drivers.names(), "see: edge driver list")
    except Exception as error:  # a package of somebody else: whatever it breaks with must not end the check
        what = f"driver '{named.value}' cannot be loaded: {type(error).__name__}: {error}"
        table.at_value(named, what, "install its package again; see: edge driver list")
    return None


def _check_pace(table: Table, got: dict[str, Any], driver: type[Driver]) -> None:
    if not driver.streaming and "interval" in got and got["interval"] < driver.timing.measure:
        takes = f"a measurement of '{got['driver']}' takes {driver.timing.measure:g} s"
        entry = table.entry.value["interval"]
        table.at_value(entry, f"'interval' = {entry.written} is too short: {takes}", "make it longer", "warning")


def _check_means(table: Table, got: dict[str, Any]) -> None:
    """An interval in which one reading comes at most, from the sensor or a mean before it, has no mean."""
    pace: dict[str, float] = {}  # of a quantity; "" is all of them
    for item in got.get("filter", ()):
        kind, entry, quantity = (item.get(key) for key in ("type", "interval", "quantity"))
        if kind is None or kind.value != "mean" or entry is None or not isinstance(entry.value, str):
            continue
        of = "" if quantity is None else str(quantity.value)
        before = max(got.get("interval", 0.0), pace.get("", 0.0), pace.get(of, 0.0))
        with suppress(ValueError):  # what is no duration was reported
            pace[of] = units.duration(entry.value)
            if pace[of] <= before:
                what = f"a mean of {entry.written} holds one reading at most: they come each {before:g} s"
                table.at_value(entry, what, "make it longer, or leave it out", "warning")


def _options(table: Table, got: dict[str, Any], driver: type[Driver]) -> dict[str, Any]:
    """The driver's own keys; where there is no table for them, a required one is missing in the sensor."""
    if "options" in got:
        inner = Table(got["options"], f"options of {table.owner}", table.report)
        taken = inner.take(driver.options)
        tables = [option.name for option in driver.options if option.kind == "tables" and option.name in taken]
        return taken | {name: [entry.plain() for entry in taken[name]] for name in tables}
    for option in driver.options:
        if option.required and "options" not in table.entry.value:
            table.missing(f"option '{option.name}'", f"write [sensor.options] and {option.name} = ...: {option.help}")
    return {}


def _measured(table: Table, options: Mapping[str, Any], driver: type[Driver]) -> tuple[Quantity, ...]:
    """What the sensor measures with these options; where they make no sense together, that is reported."""
    if any(option.required and option.name not in options for option in driver.options):
        return driver.measures  # what is missing was reported
    try:
        return driver.measured(options)
    except ValueError as error:
        what = f"options of {table.owner}: {error}"
        table.at_key(table.entry.get("options") or table.entry, what, "see: edge driver show NAME")
        return driver.measures


def _filter(entry: Entry, sensor: Table, quantities: dict[str, Quantity]) -> FilterSettings | None:
    """The settings of one filter; what it adds to ``quantities`` is known to those behind it."""
    from edge.filters import FILTERS

    table = Table(entry, f"filter of {sensor.owner}", sensor.report)
    kind = entry.get("type")
    if kind is not None and isinstance(kind.value, str) and kind.value not in FILTERS:
        table.cannot_be("type", sorted(FILTERS))
        return None
    known = FILTERS[kind.value].options if kind is not None and isinstance(kind.value, str) else ()
    if kind is None or not isinstance(kind.value, str):  # its other keys belong to a filter nobody knows
        table.take(FILTER, aside=frozenset(entry.value))
        return None
    got = table.take((*FILTER, *known), elsewhere=OF_A_SENSOR)
    bound = None if any(option.name == "quantity" for option in known) else got.get("quantity")
    if bound is not None and bound not in quantities:
        table.cannot_be("quantity", list(quantities))
    options = {option.name: got[option.name] for option in known if option.name in got}
    whole = all(option.name in options for option in known if option.required)  # what is missing was reported
    if not whole or not _can_be_built(table, kind, bound, options, quantities):
        return None
    return FilterSettings(kind.value, bound, options)


def _can_be_built(
    table: Table, kind: Entry, bound: str | None, options: dict[str, Any], quantities: dict[str, Quantity]
) -> bool:
    from edge.filters import FILTERS, Unfit

    try:
        quantities |= FILTERS[kind.value](dict(quantities), **options).gives(bound)
    except Unfit as unfit:
        table.at_part(table.entry.get(unfit.option) or kind, unfit.part, f"{unfit} in {table.owner}", unfit.remedy)
    except (ImportError, ValueError) as error:  # a package that an extra brings
        table.at_value(kind, f"filter '{kind.value}' cannot be built: {error}", "see: config/edge.toml")
    else:
        return True
    return False
