"""A rule of a configuration: which values, or whose silence, raise an alarm."""

from collections.abc import Mapping, Sequence
from typing import Any

import drivers
from drivers import REQUIRED, Option, Quantity
from edge.settings.model import ConditionSettings, RuleSettings, SensorSettings
from edge.settings.report import Report
from edge.settings.sensor import check_name, owner
from edge.settings.source import Entry
from edge.settings.table import Table
from edge.settings.wiring import Claims, claim_switch

DAYS = 86400.0
PARTS = 24  # a statistic needs at least so many values in its window
STATISTICS = ("value", "mean", "lowest", "highest", "change")
LIMITS = ("above", "below", "silent")
NO_MEAN = {"dB": "decibels", "deg": "directions"}  # units whose arithmetic mean says nothing

RULE = (
    Option("name", str, REQUIRED, 'give it a name that no sensor has: name = "flood"'),
    Option("when", "tables", REQUIRED, "[[rule.when]]: at least one condition"),
    Option("match", str, "all", "how many of the conditions must hold", choices=("all", "any")),
    Option("for", "duration", 0.0, "how long they must hold before it is raised", "s", low=0, high=7 * DAYS),
    Option("clear_for", "duration", 0.0, "how long they must not, before it is cleared", "s", low=0, high=7 * DAYS),
    Option("output", int, None, "a GPIO line, high while the alarm stands", "BCM numbering", low=0, high=27),
    Option("latch", bool, False, "the output stays high until: edge alarm ack NAME"),
)
CONDITION = (
    Option("sensor", str, REQUIRED, 'whose values: sensor = "probe"'),
    Option("quantity", str, "", "which of them; with silent it may be left out: any"),
    Option("statistic", str, "value", "of the values within over; change is against its start", choices=STATISTICS),
    Option("over", "duration", 0.0, 'window of the statistic, e.g. "1h"', "s", low=1, high=7 * DAYS),
    Option("above", float, None, "it holds from above this, in the unit of the quantity"),
    Option("below", float, None, "it holds from below this"),
    Option("clear", float, None, "it holds until it is back here (hysteresis); default: the limit itself"),
    Option("silent", "duration", None, 'it holds after so long without a usable value, e.g. "10min"', low=1,
           high=7 * DAYS),
    Option("suspect", bool, True, "whether suspect values count; bad and missing ones never do"),
)  # fmt: skip


class Sensors:
    """The sensors that a rule may name, with the quantities that come out of their filters."""

    def __init__(self, names: Sequence[str], sensors: Sequence[SensorSettings]) -> None:
        """``names`` are all that are configured, ``sensors`` those without a problem."""
        self.names = names
        self._sound = {sensor.name: sensor for sensor in sensors}

    def quantities(self, name: str) -> Mapping[str, Quantity] | None:
        """By name; None where the sensor has a problem."""
        from edge.filters import linked

        sensor = self._sound.get(name)
        if sensor is None:
            return None
        measured = drivers.load(sensor.driver).measured(sensor.options)
        return linked(sensor.filters, {quantity.name: quantity for quantity in measured})[1]

    def pace(self, name: str, quantity: str) -> float:
        """Seconds between two values that come out of the filters; 0 where the driver sets the pace."""
        sensor = self._sound[name]
        filters = [item for item in sensor.filters if item.quantity in (None, quantity)]
        means = [float(item.options.get("interval", 0.0)) for item in filters]
        return max(sensor.interval or 0.0, *means, 0.0)


def rule(entry: Entry, sensors: Sensors, claims: Claims, report: Report) -> RuleSettings | None:
    """The settings of one ``[[rule]]``; None when it has problems, which are in the report."""
    table = Table(entry, owner(entry, "rule"), report)
    got = table.take(RULE)
    check_name(table, got)
    if got.get("name") in sensors.names:
        what = f"'{got['name']}' is the name of a sensor too"
        table.at_value(entry.value["name"], what, "an alarm is a reading with the name of its rule: take another one")
    claim_switch(table, got, "output", claims)
    if got.get("latch") and "output" not in entry.value:
        table.at_key(entry.value["latch"], "'latch' needs 'output'", "add output = 27, or remove this line")
    when = tuple(_condition(item, table, sensors) for item in got.get("when", ()))
    if "when" in got and not when:
        table.missing("'when' is empty", "write [[rule.when]] and a condition")
    if report.failed:
        return None
    return RuleSettings(
        name=got["name"],
        when=tuple(item for item in when if item is not None),
        match=got.get("match", "all"),
        hold=got.get("for", 0.0),
        clear_hold=got.get("clear_for", 0.0),
        output=got.get("output"),
        latch=got.get("latch", False),
    )


def _condition(entry: Entry, of: Table, sensors: Sensors) -> ConditionSettings | None:
    table = Table(entry, f"condition of {of.owner}", of.report)
    got = table.take(CONDITION)
    given = [key for key in LIMITS if key in entry.value]
    if len(given) != 1:
        what = f"{' and '.join(repr(key) for key in given)} exclude each other" if given else "there is no limit"
        table.missing(what, "a condition has one of: above, below, silent")
    _check_silence(table)
    _check_hysteresis(table, got)
    _check_window(table, got)
    if "sensor" in got and got["sensor"] not in sensors.names:
        where = entry.value["sensor"]
        remedy = table.report.nearest(got["sensor"], sensors.names)
        table.at_value(where, f"there is no sensor '{got['sensor'][:64]}'", remedy)
    elif "sensor" in got and (known := sensors.quantities(got["sensor"])) is not None:
        _check_quantity(table, got, known)
        _check_pace(table, got, sensors.pace(got["sensor"], got.get("quantity", "")))
    return None if table.report.failed else ConditionSettings(**{"quantity": "", **got})


def _check_silence(table: Table) -> None:
    keys = table.entry.value
    if "silent" not in keys:
        if "quantity" not in keys:
            table.missing("'quantity' is missing", 'which value of the sensor: quantity = "level"')
        return
    for key in ("statistic", "over", "clear"):
        if key in keys:
            table.at_key(keys[key], f"silence knows no '{key}'", "remove this line; see clear_for of the rule")


def _check_hysteresis(table: Table, got: dict[str, Any]) -> None:
    """The level at which a condition ends lies on the quiet side of its limit."""
    limit = got.get("above", got.get("below"))
    clear = got.setdefault("clear", limit if limit is not None else 0.0)
    if limit is None or ("above" in got and clear <= limit) or ("below" in got and clear >= limit):
        return
    side, where = ("above", "at most") if "above" in got else ("below", "at least")
    what = f"'clear' = {clear:g} lies beyond '{side}' = {limit:g}"
    table.at_value(table.entry.value["clear"], what, f"{where} {limit:g}")


def _check_window(table: Table, got: dict[str, Any]) -> None:
    keys = table.entry.value
    plain = "statistic" not in keys or got.get("statistic") == "value"
    if plain and "over" in keys:
        table.at_key(keys["over"], "'over' needs a statistic", f"add statistic, one of: {', '.join(STATISTICS[1:])}")
    elif "statistic" in got and not plain and "over" not in keys:
        table.at_key(keys["statistic"], f"'{got['statistic']}' of which time?", 'add its window: over = "1h"')


def _check_quantity(table: Table, got: dict[str, Any], known: Mapping[str, Quantity]) -> None:
    name = got.get("quantity")
    if name is None:
        return
    if name not in known:
        what = f"'{got['sensor']}' does not measure '{name[:64]}'"
        table.at_value(table.entry.value["quantity"], what, table.report.nearest(name, known))
    else:
        _check_sense(table, got, known[name])


def _check_sense(table: Table, got: dict[str, Any], quantity: Quantity) -> None:
    """What the quantity can never be, and means that say nothing."""
    statistic = got.get("statistic", "value")
    if statistic == "mean" and quantity.unit in NO_MEAN:
        what = f"{NO_MEAN[quantity.unit]} have no arithmetic mean"
        table.at_value(table.entry.value["statistic"], what, "take value, highest or lowest, or a filter of the sensor")
    for key in ("above", "below"):
        if statistic != "change" and key in got and not quantity.low <= got[key] <= quantity.high:
            what = f"'{quantity.name}' is never there: its range is {quantity.low:g} to {quantity.high:g}"
            table.at_value(table.entry.value[key], what, f"a limit in {quantity.unit}", "warning")


def _check_pace(table: Table, got: dict[str, Any], pace: float) -> None:
    if "over" in got and got["over"] < PARTS * pace:
        what = f"'over' = {table.entry.value['over'].written} is short for a value every {pace:g} s"
        table.at_value(table.entry.value["over"], what, f"at least {PARTS * pace:g} s, or a shorter interval")
