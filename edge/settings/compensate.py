"""Which values of other sensors a sensor takes in: ``[sensor.compensate] temperature = "river/water_temperature"``."""

from typing import Any

from drivers import Driver, Option
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
