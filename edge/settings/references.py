"""Whether the values of other sensors that a sensor asks for are there: ``sensor/quantity``."""

from collections.abc import Iterator, Mapping, Sequence

import drivers
from edge.settings.model import SensorSettings
from edge.settings.report import Report
from edge.settings.source import Entry
from edge.settings.table import Table


def check_references(entries: Sequence[Entry], sensors: Sequence[SensorSettings], report: Report) -> None:
    """Every sensor and quantity that ``[sensor.compensate]`` or a filter asks for must be measured."""
    known = {
        sensor.name: [quantity.name for quantity in drivers.load(sensor.driver).measured(sensor.options)]
        for sensor in sensors
    }
    for entry in entries:
        table = Table(entry, "sensor", report)
        for key, asked in _asked(entry):
            _check(table, key, asked, known)


def _asked(sensor: Entry) -> Iterator[tuple[str, Entry]]:
    """The references with the keys that they stand at."""
    from edge.filters import FILTERS

    inner = sensor.get("compensate")
    if inner is not None:
        yield from inner.value.items()
    filters = sensor.get("filter")
    for item in [] if filters is None else filters.value if isinstance(filters.value, list) else [filters]:
        for key in FILTERS[item.value["type"].value].refers:
            for asked in item.value[key].value if key in item.value else ():
                yield key, asked


def _check(table: Table, key: str, asked: Entry, known: Mapping[str, Sequence[str]]) -> None:
    sensor, slash, quantity = str(asked.value).partition("/")
    if not slash:
        return  # of the sensor itself, which knows its quantities
    if sensor not in known:
        table.at_value(asked, f"'{key}': there is no sensor '{sensor[:64]}'", table.report.nearest(sensor, known))
    elif quantity not in known[sensor]:
        remedy = table.report.nearest(quantity, known[sensor])
        table.at_value(asked, f"'{key}': '{sensor}' does not measure '{quantity[:64]}'", remedy)
