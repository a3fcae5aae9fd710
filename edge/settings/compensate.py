"""Which values of other sensors a sensor takes in: ``[sensor.compensate] temperature = "river/water_temperature"``."""

from collections.abc import Mapping, Sequence
from typing import Any

import drivers
from drivers import Driver, Option
from edge.settings.model import SensorSettings
from edge.settings.report import Report
from edge.settings.source import Entry
from edge.settings.table import Table

EXAMPLE = '"river/water_temperature"'


def compensate(table: Table, got: dict[str, Any], driver: type[Driver]) -> dict[str, tuple[str, str]]:
    """Sensor and quantity for each input of the driver; what is no input or no reference is reported."""
    if "compensate" not in got:
        return {}
    inner = Table(got["compensate"], f"compensate of {table.owner}", table.report)
    options = tuple(Option(name, str, None, f"the value of another sensor, e.g. {EXAMPLE}") for name in driver.inputs)
    taken: dict[str, tuple[str, str]] = {}
    for name, text in inner.take(options).items():
        sensor, slash, quantity = text.partition("/")
        if slash and sensor and quantity:
            taken[name] = sensor, quantity
        else:
            what = f"'{name}' is no value of a sensor: '{text[:64]}'"
            inner.at_value(got["compensate"].value[name], what, f"write sensor/quantity, e.g. {EXAMPLE}")
    return taken


def check_references(entries: Sequence[Entry], sensors: Sequence[SensorSettings], report: Report) -> None:
    """Every sensor and quantity that is asked for must be there."""
    known = {
        sensor.name: [quantity.name for quantity in drivers.load(sensor.driver).measured(sensor.options)]
        for sensor in sensors
    }
    for entry in entries:
        inner = entry.get("compensate")
        if inner is not None and isinstance(inner.value, dict):
            _check(Table(inner, "compensate", report), known)


def _check(table: Table, known: Mapping[str, Sequence[str]]) -> None:
    for name, entry in table.entry.value.items():
        sensor, slash, quantity = str(entry.value).partition("/")
        if not slash:
            continue  # reported already
        if sensor not in known:
            table.at_value(entry, f"'{name}': there is no sensor '{sensor[:64]}'", table.report.nearest(sensor, known))
        elif quantity not in known[sensor]:
            remedy = table.report.nearest(quantity, known[sensor])
            table.at_value(entry, f"'{name}': '{sensor}' does not measure '{quantity[:64]}'", remedy)
