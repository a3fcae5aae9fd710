"""Whether the values of other sensors that a sensor asks for are there: ``sensor/quantity``."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import drivers
from edge.maths.expression import others
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
        for asked in _asked(entry):
            _check(table, asked, known)


class _Asked(NamedTuple):
    """A reference, the key and the value that it stands in, and where in an expression (column and length)."""

    text: str
    key: str
    entry: Entry
    part: tuple[int, int] | None = None


def _asked(sensor: Entry) -> Iterator[_Asked]:
    from edge.filters import FILTERS

    inner = sensor.get("compensate")
    if inner is not None:
        yield from (_Asked(str(entry.value), key, entry) for key, entry in inner.value.items())
    filters = sensor.get("filter")
    for item in [] if filters is None else filters.value if isinstance(filters.value, list) else [filters]:
        for key in FILTERS[item.value["type"].value].refers:
            yield from _named(key, item.value[key]) if key in item.value else ()


def _named(key: str, entry: Entry) -> Iterator[_Asked]:
    """The references of a list or of an expression."""
    if isinstance(entry.value, list):
        yield from (_Asked(str(item.value), key, item) for item in entry.value)
    else:
        yield from (_Asked(name, key, entry, (column, len(name))) for name, column in others(entry.value))


def _check(table: Table, asked: _Asked, known: Mapping[str, Sequence[str]]) -> None:
    sensor, slash, quantity = asked.text.partition("/")
    if not slash:
        return  # of the sensor itself, which knows its quantities
    if sensor not in known:
        what = f"'{asked.key}': there is no sensor '{sensor[:64]}'"
        table.at_part(asked.entry, asked.part, what, table.report.nearest(sensor, known))
    elif quantity not in known[sensor]:
        remedy = table.report.nearest(quantity, known[sensor])
        what = f"'{asked.key}': '{sensor}' does not measure '{quantity[:64]}'"
        table.at_part(asked.entry, asked.part, what, remedy)
