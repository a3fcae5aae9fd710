"""From files to ``Settings``, or to every problem in one pass."""

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from drivers import REQUIRED, Option
from edge.settings.clock import clock
from edge.settings.commands import commands
from edge.settings.model import ClockSettings, NodeSettings, OutboxSettings, Settings
from edge.settings.problem import Problem, SettingsError
from edge.settings.references import check_references
from edge.settings.report import Report
from edge.settings.rule import Sensors, rule
from edge.settings.sensor import sensor
from edge.settings.source import NAMED, Entry, merged, named, read
from edge.settings.table import Table
from edge.settings.uplink import uplink
from edge.settings.values import Wrong, value
from edge.settings.where import Place
from edge.settings.wiring import Claims

SECTIONS = (
    Option("node", "table", REQUIRED, 'write [node] and id = "..."'),
    Option("sensor", "tables", (), "[[sensor]]"),
    Option("rule", "tables", (), "[[rule]]"),
    Option("outbox", "table", None, "[outbox]"),
    Option("clock", "table", None, "[clock]"),
    Option("uplink", "tables", (), "[[uplink]]"),
    Option("commands", "table", None, "[commands]"),
)
NODE = (
    Option("id", str, REQUIRED, 'who it is for the centre: id = "LP-0417"'),
    Option("site", str, "", "where it stands, in words"),
    Option("position", list, None, "[latitude, longitude, altitude in m]"),
)
OUTBOX = (
    Option("limit", "size", None, 'room on the card, e.g. "2GB"', low=1),
    Option("flush", "duration", 1.0, 'how often readings are brought onto the card, e.g. "1s"', low=0, high=3600),
)
POSITION = (("latitude", 90.0), ("longitude", 180.0), ("altitude", 10_000.0))

Made = TypeVar("Made")


def load(path: Path) -> Settings:
    """The settings of a file, or of a folder with ``edge.toml`` and ``conf.d/*.toml``.

    Raises ``SettingsError`` with every problem, and nothing else, whatever the files hold.
    """
    settings, problems = examine(path)
    if settings is None:
        raise SettingsError(problems)
    return settings


def examine(path: Path) -> tuple[Settings | None, list[Problem]]:
    """The settings, None after an error, and all problems with the warnings; never raises."""
    report = Report()
    trees = [read(file, report) for file in _files(path, report)]
    report.complete = None not in trees
    found = [tree for tree in trees if tree is not None]
    for tree in found:
        _check_twins(tree, report)
    whole = merged(found)
    settings = _settings(whole, report) if whole is not None else None
    return (None if report.failed else settings), report.problems


def _files(path: Path, report: Report) -> list[Path]:
    if not os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises PermissionError
        return [path]
    try:
        more = [name for name in os.listdir(path / "conf.d") if name.endswith(".toml")]  # noqa: PTH208
    except FileNotFoundError:
        more = []
    except OSError as error:
        more = []
        report.add(
            str(path / "conf.d"), Place(0, 0, 0), f"cannot be read: {error.strerror}", f"see: ls -ld {path}/conf.d"
        )
    return [path / "edge.toml", *(path / "conf.d" / name for name in sorted(more))]


def _check_twins(tree: Entry, report: Report) -> None:
    """Two of a name in one file; in another file it would be the same one, changed."""
    for section, default in NAMED.items():
        items = tree.value[section].value if section in tree.value else []
        first: dict[str, Entry] = {}
        for item in items if isinstance(items, list) else []:
            name = named(item, default)
            if name is None or first.setdefault(name, item) is item:
                continue
            entry, line = item.get("name") or item, first[name].key.line
            remedy = f"the other begins in line {line}; give each a name of its own"
            report.add(entry.source.name, entry.place, f"two {section}s are named '{name[:64]}'", remedy)


def _settings(whole: Entry, report: Report) -> Settings | None:
    got = _sections(whole, report)
    claims: Claims = {}
    node = _node(got["node"], report) if "node" in got else None
    sensors = _all(got.get("sensor", ()), lambda entry: sensor(entry, claims, report))
    outbox = Table(got["outbox"], "[outbox]", report).take(OUTBOX) if "outbox" in got else {}
    clocks = clock(got["clock"], report) if "clock" in got else ClockSettings()
    if not report.failed:
        check_references(got.get("sensor", ()), sensors, report)
    names = [str(name.value) for entry in got.get("sensor", ()) if (name := entry.get("name")) is not None]
    uplinks = _all(got.get("uplink", ()), lambda entry: uplink(entry, names, report))
    rules = _all(got.get("rule", ()), lambda entry: rule(entry, Sensors(names, sensors), claims, report))
    orders = commands(got["commands"], [uplink.name for uplink in uplinks], report) if "commands" in got else None
    if report.failed or node is None:
        return None
    return Settings(node, sensors, OutboxSettings(**outbox), uplinks, _digest(whole), rules, orders, clocks)


def _all(entries: Sequence[Entry], make: Callable[[Entry], Made | None]) -> tuple[Made, ...]:
    made = [make(entry) for entry in entries]
    return tuple(item for item in made if item is not None)


def _sections(whole: Entry, report: Report) -> dict[str, Any]:
    known = {option.name: option for option in SECTIONS}
    table, got = Table(whole, "the configuration", report), {}
    for key, entry in whole.value.items():
        if key not in known:
            _unknown_section(key, entry, known, table)
            continue
        try:
            got[key] = value(entry, known[key])
        except Wrong as wrong:
            table.at_value(wrong.entry or entry, wrong.what, wrong.remedy)
    if "node" not in whole.value and report.complete:
        report.add(whole.source.name, Place(1, 1, 1), "section [node] is missing", 'write [node] and id = "..."')
    return got


def _unknown_section(key: str, entry: Entry, known: dict[str, Option], table: Table) -> None:
    several = isinstance(entry.value, list) and (*entry.path, 0) in entry.source.where.headers
    if several or isinstance(entry.value, dict):
        form = "[[{}]]" if several else "[{}]"
        table.at_key(entry, f"unknown section {form.format(key)}", table.report.nearest(key, known, form))
    else:
        table.at_key(entry, f"unknown key '{key}' outside of a section", "a key stands below its section, e.g. [node]")


def _node(entry: Entry, report: Report) -> NodeSettings | None:
    table = Table(entry, "[node]", report)
    got = table.take(NODE)
    if "id" in got and not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", got["id"]):
        table.at_value(entry.value["id"], f"'id' cannot be '{got['id'][:64]}'", "A-Z a-z 0-9 - _ . and at most 64")
    if "position" in got:
        got["position"] = tuple(_position(entry.value["position"], table))
    return None if report.failed else NodeSettings(**got)


def _position(entry: Entry, table: Table) -> Iterator[float]:
    if len(entry.value) != len(POSITION):
        remedy = "latitude, longitude, altitude in m, each with a decimal point: [52.52, 13.405, 34.0]"
        table.at_value(entry, f"'position' has {len(entry.value)} numbers, not 3", remedy)
        return
    for item, (name, limit) in zip(entry.value, POSITION, strict=True):
        try:
            yield float(value(item, Option(name, float, REQUIRED, "degrees, metres", low=-limit, high=limit)))
        except Wrong as wrong:
            table.at_value(item, wrong.what, wrong.remedy)


def _digest(whole: Entry) -> str:
    text = json.dumps(whole.plain(), sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
