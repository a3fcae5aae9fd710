"""One value against what its key may hold."""

import math
import re
from collections.abc import Callable
from typing import Any

from drivers import Option
from edge.dates.months import MONTHS, season
from edge.settings import units
from edge.settings.source import Entry

WORDS: dict[type | str, str] = {
    float: "a number",
    int: "a whole number",
    str: "a text in quotes",
    bool: "true or false",
    list: "a list in square brackets",
    "number": "a whole number",
    "numbers": "a list of numbers",
    "points": "a list of pairs of numbers",
    "months": "months and their limits",
    "table": "a section",
    "tables": "a list of sections",
}


class Wrong(Exception):
    """A value that cannot be taken: what is wrong with it or, where ``key``, with its key, and how to mend it."""

    def __init__(self, what: str, remedy: str = "", entry: Entry | None = None, *, key: bool = False) -> None:
        super().__init__(what)
        self.what, self.remedy, self.entry, self.key = what, remedy, entry, key


def value(entry: Entry, option: Option) -> Any:
    """The value in the option's kind, within its limits; a table stays an entry. Raises ``Wrong``."""
    kind = _KINDS.get(option.kind)
    got = kind(entry, option) if kind else entry.plain()
    if isinstance(got, (int, float)) and not isinstance(got, bool):
        _limits(got, entry, option)
    if option.choices:
        for word in got if isinstance(got, list) else [got]:
            if word not in option.choices:
                raise Wrong(f"'{option.name}' cannot be {shown(entry)}", f"one of: {', '.join(option.choices)}")
    return got


def shown(entry: Entry) -> str:
    """The value for a message: texts in single quotes, all else as written."""
    if not isinstance(entry.value, str):
        return entry.written
    return f"'{entry.value}'" if len(entry.value) <= 40 else f"'{entry.value[:37]}...'"


def number(value: float) -> str:
    """A limit without a superfluous exponent."""
    return str(int(value)) if value == int(value) else str(value)


def _limits(got: float, entry: Entry, option: Option) -> None:
    low = -math.inf if option.low is None else option.low
    high = math.inf if option.high is None else option.high
    if low <= got <= high:
        return
    where = f"{number(low) if low > -math.inf else ''}..{number(high) if high < math.inf else ''}"
    unit = option.unit or ("s" if option.kind == "duration" else "")
    what = f"'{option.name}' = {entry.written} is outside {where}" + (f" ({unit})" if unit else "")
    raise Wrong(what, option.help)


def _mismatch(entry: Entry, option: Option, remedy: str) -> Wrong:
    return Wrong(f"'{option.name}' must be {WORDS[option.kind]}, not {entry.written}", remedy, entry)


def _unquoted(entry: Entry, option: Option) -> str:
    """A remedy for a number or a flag that stands in quotes."""
    text = entry.value if isinstance(entry.value, str) else ""
    bare = text.strip().lower().replace(",", ".")
    if bare in ("true", "false") or re.fullmatch(r"-?[0-9]+(\.[0-9]+)?|0x[0-9a-f]+", bare):
        return f"write {option.name} = {bare}, without quotes"
    return option.help


def _text(entry: Entry, option: Option) -> str:
    if not isinstance(entry.value, str):
        scalar = not isinstance(entry.value, (dict, list))
        raise _mismatch(entry, option, f'write {option.name} = "{entry.written}"' if scalar else option.help)
    if not entry.value.isprintable():
        raise Wrong(f"'{option.name}' holds a character that cannot be shown", "one line of plain text")
    return entry.value


def _whole(entry: Entry, option: Option) -> int:
    if not isinstance(entry.value, int) or isinstance(entry.value, bool):
        raise _mismatch(entry, option, _unquoted(entry, option))
    if abs(entry.value) >= 1 << 63:
        raise Wrong(f"'{option.name}' = {entry.written} is too large", option.help)
    return entry.value


def _real(entry: Entry, option: Option) -> float:
    if not isinstance(entry.value, (int, float)) or isinstance(entry.value, bool):
        raise _mismatch(entry, option, _unquoted(entry, option))
    try:
        got = float(entry.value)
    except OverflowError:
        got = math.inf
    if not math.isfinite(got):
        raise Wrong(f"'{option.name}' must be a finite number, not {entry.written}", option.help, entry)
    return got


def _flag(entry: Entry, option: Option) -> bool:
    if not isinstance(entry.value, bool):
        raise _mismatch(entry, option, _unquoted(entry, option) or "true or false, without quotes")
    return entry.value


def _list(entry: Entry, option: Option) -> list[Any]:
    if not isinstance(entry.value, list):
        raise _mismatch(entry, option, f"write {option.name} = [{entry.written}]")
    for item in entry.value:
        if not isinstance(item.value, (str, int, float)):
            raise Wrong(f"'{option.name}' cannot hold {item.written}", "texts or numbers", item)
        if isinstance(item.value, int):
            _whole(item, option)
    got: list[Any] = entry.plain()
    return got


def _numbers(entry: Entry, option: Option) -> tuple[float, ...]:
    if not isinstance(entry.value, list):
        raise _mismatch(entry, option, option.help)
    return tuple(_real(item, option) for item in entry.value)


def _points(entry: Entry, option: Option) -> tuple[tuple[float, float], ...]:
    if not isinstance(entry.value, list):
        raise _mismatch(entry, option, option.help)
    pairs = []
    for item in entry.value:
        if not isinstance(item.value, list) or len(item.value) != 2:
            raise Wrong(f"'{option.name}' cannot hold {item.written}", option.help, item)
        pairs.append((_real(item.value[0], option), _real(item.value[1], option)))
    return tuple(pairs)


def _months(entry: Entry, option: Option) -> tuple[tuple[float, float] | None, ...]:
    """The limits of each of the twelve months, None where it has none."""
    if not isinstance(entry.value, dict):
        raise _mismatch(entry, option, option.help)
    got: dict[str, tuple[float, float]] = {}
    for key, item in entry.value.items():
        for month in _season(key, item, option):
            if month in got:
                raise Wrong(f"'{option.name}' has {month} twice", "give each month once", item, key=True)
            got[month] = _span(key, item, option)
    if not got:
        raise Wrong(f"'{option.name}' names no month", option.help)
    return tuple(got.get(month) for month in MONTHS)


def _season(key: str, entry: Entry, option: Option) -> list[str]:
    try:
        return season(key)
    except ValueError as error:
        raise Wrong(f"'{option.name}' has '{key[:40]}', which is no month", str(error), entry, key=True) from None


def _span(key: str, entry: Entry, option: Option) -> tuple[float, float]:
    if not isinstance(entry.value, list) or len(entry.value) != 2:
        what = f"'{key}' must be its lowest and highest value, not {entry.written}"
        raise Wrong(what, f"write {key} = [-1.0, 9.5]", entry)
    low, high = (_real(item, Option(key, float, None, option.help)) for item in entry.value)
    if low >= high:
        written = entry.value[1].written, entry.value[0].written
        what = f"'{key}' = {entry.written}: the lower limit comes first"
        raise Wrong(what, f"write {key} = [{', '.join(written)}]", entry)
    return low, high


def _scaled(read: Callable[[str], float], what: str) -> Callable[[Entry, Option], Any]:
    def kind(entry: Entry, option: Option) -> Any:
        if entry.value == 0 and isinstance(entry.value, int) and not isinstance(entry.value, bool):
            return 0
        try:
            return read(entry.value if isinstance(entry.value, str) else "")
        except ValueError as error:
            raise Wrong(f"'{option.name}' is not a {what}: {shown(entry)}", str(error)) from None

    return kind


def _number_or_sim(entry: Entry, option: Option) -> int | str:
    """The number of a bus or a pin, or the address of a simulator."""
    if isinstance(entry.value, str) and entry.value.startswith("sim:"):
        return _text(entry, option)
    return _whole(entry, option)


def _section(option: Option) -> str:
    """How to write a section: its header with its parents begins the help of most."""
    header = re.match(r"\[[^]]+\]+", option.help)
    return f"write {header[0]}" if header else option.help


def _table(entry: Entry, option: Option) -> Entry:
    if not isinstance(entry.value, dict):
        raise _mismatch(entry, option, _section(option))
    return entry


def _tables(entry: Entry, option: Option) -> list[Entry]:
    """Several tables; a single one counts as well."""
    items = entry.value if isinstance(entry.value, list) else [entry]
    for item in items:
        if not isinstance(item.value, dict):
            raise _mismatch(item, option, _section(option))
    return list(items)


_KINDS: dict[type | str, Callable[[Entry, Option], Any]] = {
    float: _real,
    int: _whole,
    str: _text,
    bool: _flag,
    list: _list,
    "numbers": _numbers,
    "points": _points,
    "months": _months,
    "duration": _scaled(units.duration, "duration"),
    "size": _scaled(units.size, "size"),
    "rate": _scaled(units.rate, "rate"),
    "number": _number_or_sim,
    "table": _table,
    "tables": _tables,
}
