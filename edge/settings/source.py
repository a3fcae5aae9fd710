"""From files to one tree whose every value knows where it was written."""

import codecs
import os
import re
import stat
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.settings.report import Report
from edge.settings.syntax import explained
from edge.settings.where import Path as KeyPath
from edge.settings.where import Place, Where, positions

LIMIT = 256 * 1024
DEPTH = 16
NAMED = {
    "sensor": None,
    "rule": None,
    "uplink": "mqtt",
}  # arrays of tables that merge by name; the name where none is given

_DOTS = re.compile(  # tomllib needs the square of the parts of a dotted key
    rf"""(?<![\w.-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){{{DEPTH},}}"""
)


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read: its name as the user knows it, and where everything stands."""

    name: str
    folder: Path
    lines: list[str]
    where: Where


@dataclass(frozen=True, slots=True)
class Entry:
    """A value: a scalar, a dict of entries or a list of entries, and where it was written."""

    value: Any
    source: Source
    path: KeyPath

    @property
    def key(self) -> Place:
        """Where its key stands; of an element of an array of tables, its header."""
        where = self.source.where
        return where.keys.get(self.path) or where.headers.get(self.path) or self.place

    @property
    def place(self) -> Place:
        """Where its value stands; of a table, its header."""
        where = self.source.where
        for places in (where.values, where.headers, where.keys):
            if self.path in places:
                return places[self.path]
        return Place(1, 1, 1)

    @property
    def written(self) -> str:
        """The value as the file has it, cut after 40 characters."""
        place = self.place
        text = self.source.lines[place.line - 1][place.column - 1 :][: place.length]
        return text if len(text) <= 40 else text[:37] + "..."

    def get(self, key: str) -> "Entry | None":
        """The entry of a key, if this is a table and has it."""
        found: Entry | None = self.value.get(key) if isinstance(self.value, dict) else None
        return found

    def plain(self) -> Any:
        """The value without places, as tomllib gave it."""
        if isinstance(self.value, dict):
            return {key: entry.plain() for key, entry in self.value.items()}
        if isinstance(self.value, list):
            return [entry.plain() for entry in self.value]
        return self.value


def read(path: Path, report: Report) -> Entry | None:
    """The tree of one file; None after a problem that leaves nothing to check."""
    name = str(path)
    text = _text(path, report)
    if text is None:
        return None
    lines = text.split("\n")
    report.lines[name] = lines
    try:
        if (dots := _DOTS.search(text)) is not None:
            raise _TooDeep(text.count("\n", 0, dots.start()) + 1)
        data = tomllib.loads(text)
        return _lift(data, Source(name, path.parent, lines, positions(text)), ())
    except tomllib.TOMLDecodeError as error:
        report.add(name, *explained(str(error), lines, NAMED))
    except _TooDeep as error:
        report.add(name, Place(error.line, 1, 1), f"nested deeper than {DEPTH} levels", "nothing here needs that")
    except RecursionError:
        report.add(name, Place(1, 1, 1), "nested too deep to be read", f"nothing here needs more than {DEPTH} levels")
    except ValueError as error:  # a number of more than 4300 digits
        report.add(name, Place(1, 1, 1), f"not readable as TOML: {error}", "look for a number that is far too long")
    return None


def merged(trees: Iterable[Entry]) -> Entry | None:
    """One tree: later files win per key; sensors, rules and uplinks merge by name."""
    whole: Entry | None = None
    for tree in trees:
        whole = tree if whole is None else _over(whole, tree)
    return whole


class _TooDeep(Exception):
    def __init__(self, line: int) -> None:
        self.line = line


def _text(path: Path, report: Report) -> str | None:
    """The text with plain line ends; a pipe, a device or a huge file is refused before it is read."""
    name, nowhere = str(path), Place(0, 0, 0)
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            about = os.fstat(handle)
            data = file.read(LIMIT + 1) if stat.S_ISREG(about.st_mode) else None
    except (OSError, ValueError) as error:
        report.add(name, nowhere, *_unread(path, error))
        return None
    if data is None or len(data) > LIMIT:
        what = "is not a regular file" if data is None else f"is larger than {LIMIT // 1024} KiB"
        report.add(name, nowhere, what, "a configuration is a text file of a few kB")
        return None
    if about.st_mode & stat.S_IWOTH:
        report.add(name, nowhere, "every user may write this file", f"chmod o-w {name}", "warning")
    return _decoded(name, data, report)


def _decoded(name: str, data: bytes, report: Report) -> str | None:
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line, column = before.count(b"\n") + 1, len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        report.lines[name] = data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
        report.add(name, Place(line, column, 1), *_encoding(name, data, error.start))
        return None


def _unread(path: Path, error: OSError | ValueError) -> tuple[str, str]:
    """What keeps a file from being read, and a remedy."""
    if isinstance(error, FileNotFoundError):
        return "there is no such file", f"create it, or name another one; see: ls -l {path.parent}"
    if isinstance(error, PermissionError):
        return "cannot be read: permission denied", f"sudo, or see who may: ls -ld {path.parent} {path}"
    what = error.strerror if isinstance(error, OSError) else str(error)
    return f"cannot be read: {what}", f"see: ls -ld {path}"


def _encoding(name: str, data: bytes, start: int) -> tuple[str, str]:
    """Which encoding a text that is not UTF-8 seems to have, and how to change it."""
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    what = "is UTF-16, not UTF-8" if wide else f"byte 0x{data[start]:02x} is not UTF-8"
    return what, f"save it as UTF-8: iconv -f {'UTF-16' if wide else 'WINDOWS-1252'} -t UTF-8 {name} > new.toml"


def _lift(value: Any, source: Source, path: KeyPath) -> Entry:
    if len(path) > DEPTH:
        raise _TooDeep(Entry(value, source, path).place.line)
    if isinstance(value, dict):
        value = {key: _lift(item, source, (*path, key)) for key, item in value.items()}
        for key in NAMED if not path else ():
            if key in value and isinstance(value[key].value, dict):  # [sensor] for a single [[sensor]]
                value[key] = Entry([value[key]], source, (key,))
    elif isinstance(value, list):
        value = [_lift(item, source, (*path, index)) for index, item in enumerate(value)]
    return Entry(value, source, path)


def _over(old: Entry, new: Entry) -> Entry:
    if not isinstance(old.value, dict) or not isinstance(new.value, dict):
        return new
    both: dict[str, Entry] = dict(old.value)
    for key, entry in new.value.items():
        by_name = not old.path and key in NAMED
        if key in both:
            both[key] = _by_name(both[key], entry, NAMED[key]) if by_name else _over(both[key], entry)
        else:
            both[key] = entry
    return Entry(both, old.source, old.path)


def _by_name(old: Entry, new: Entry, default: str | None) -> Entry:
    if not isinstance(old.value, list) or not isinstance(new.value, list):
        return new
    both: list[Entry] = list(old.value)
    at = {
        name: index for index, entry in reversed(list(enumerate(both))) if (name := named(entry, default)) is not None
    }
    for entry in new.value:
        index = at.get(named(entry, default) or "")
        if index is None:
            both.append(entry)
        else:
            both[index] = _over(both[index], entry)
    return Entry(both, old.source, old.path)


def named(entry: Entry, default: str | None) -> str | None:
    """The text under ``name``, or what counts where there is none."""
    name = entry.get("name")
    return name.value if name is not None and isinstance(name.value, str) else default
