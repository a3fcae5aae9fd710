"""Which commands of the centre a node takes, and whose."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from drivers import REQUIRED, Option
from edge.settings.model import CommandSettings
from edge.settings.report import Report
from edge.settings.source import Entry
from edge.settings.table import Table

COMMANDS = (
    Option("keys_file", str, REQUIRED, "public keys, one a line: NAME KEY (see: edge command new-key)"),
    Option("allow", list, REQUIRED, 'names of the commands that are taken, e.g. ["ping", "replay"]'),
    Option("uplinks", list, (), "names of the uplinks that may bring commands; without it, all"),
)


def commands(entry: Entry, uplinks: Sequence[str], report: Report) -> CommandSettings | None:
    """The settings of ``[commands]``; None when it has problems, which are in the report."""
    from edge.commands.orders import ORDERS  # only where commands are enabled

    table = Table(entry, "[commands]", report)
    got = table.take(COMMANDS)
    _check_words(table, got, "allow", sorted(ORDERS), "command")
    _check_words(table, got, "uplinks", sorted(uplinks), "uplink")
    keys = _keys(table, entry.value["keys_file"]) if "keys_file" in got else {}
    if report.failed:
        return None
    return CommandSettings(keys, tuple(got["allow"]), tuple(got.get("uplinks", ())))


def _check_words(table: Table, got: dict[str, Any], key: str, known: Sequence[str], what: str) -> None:
    for item in table.entry.value[key].value if key in got else ():
        if not isinstance(item.value, str):
            table.at_value(item, f"'{key}' is a list of names", 'for example ["ping"]')
        elif item.value not in known:
            remedy = table.report.nearest(item.value, known)
            table.at_value(item, f"there is no {what} '{item.value[:64]}'", remedy)


def _keys(table: Table, entry: Entry) -> dict[str, bytes]:
    from edge.commands.keys import Keys, read_keys

    path = Path(entry.source.folder / entry.value)
    try:
        keys = read_keys(path)
        Keys(keys)
    except (OSError, ValueError) as error:
        what = getattr(error, "strerror", None) or str(error)
        table.at_value(entry, f"'keys_file' cannot be used: {what}", f"see: ls -l {path}, and: edge command new-key")
    except ImportError as error:
        what, _, remedy = str(error).partition(": ")
        table.at_value(entry, what, remedy)
    else:
        return keys
    return {}
