"""Where in a TOML text each key, each value and each header stands; tomllib does not tell."""

import re
import tomllib
from bisect import bisect_right
from dataclasses import dataclass, field

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A span in one line; ``line`` and ``column`` count from 1."""

    line: int
    column: int
    length: int


@dataclass(frozen=True, slots=True)
class Where:
    """Places by key path, for example ``("sensor", 0, "filter", 1, "type")``.

    ``keys``: the first mention of each key, also as part of a dotted key or a header. ``values``: what stands
    right of ``=`` and in arrays, its first line. ``headers``: the name inside ``[...]`` or ``[[...]]``.
    """

    keys: dict[Path, Place] = field(default_factory=dict)
    values: dict[Path, Place] = field(default_factory=dict)
    headers: dict[Path, Place] = field(default_factory=dict)


def positions(text: str) -> Where:
    """The places in a text that tomllib has accepted; its lines end with a line feed alone."""
    return _Scanner(text).scan()


_GAP = re.compile(r"(?:[ \t\r\n]++|#[^\n]*+)*+")
_SPACE = re.compile(r"[ \t]*+")
_PART = re.compile(r"""[A-Za-z0-9_-]++|"(?:[^"\\\n]++|\\.)*+"|'[^'\n]*+'""")
_SCALAR = re.compile(
    r'''"""(?:[^"\\]++|\\[\s\S]|""?(?!"))*+"{3,5}|"(?:[^"\\\n]++|\\.)*+"'''
    r"""|\'\'\'[\s\S]*?\'\'\'\'{0,2}|'[^'\n]*+'|[^,\]}#\n]++"""
)


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.where = Where()
        self.last: dict[Path, int] = {}  # the newest element of each array of tables
        self.lines = [0, *(match.end() for match in re.finditer("\n", text)), len(text) + 1]

    def scan(self) -> Where:
        table: Path = ()
        self._skip(_GAP)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_GAP)
        return self.where

    def _header(self) -> Path:
        brackets = 2 if self.text.startswith("[[", self.at) else 1
        self.at += brackets
        parts = self._parts()
        path: Path = ()
        for number, (name, place) in enumerate(parts, 1):
            path = (*path, name)
            self.where.keys.setdefault(path, place)
            if number == len(parts) and brackets == 2:
                self.last[path] = self.last.get(path, -1) + 1
            if path in self.last:
                path = (*path, self.last[path])
        first, end = parts[0][1], parts[-1][1]
        self.where.headers[path] = Place(first.line, first.column, end.column + end.length - first.column)
        self._skip(_SPACE)
        self.at += brackets
        return path

    def _parts(self) -> list[tuple[str, Place]]:
        """The parts of a dotted key; ends behind the blanks that follow it."""
        parts = [self._part()]
        while self.text[self.at : self.at + 1] == ".":
            self.at += 1
            parts.append(self._part())
        return parts

    def _part(self) -> tuple[str, Place]:
        self._skip(_SPACE)
        start = self.at
        token = self._skip(_PART)
        place = self._place(start, self.at)
        self._skip(_SPACE)
        name: str = tomllib.loads(f"k = {token}")["k"] if token[0] in "\"'" else token
        return name, place

    def _pair(self, path: Path) -> None:
        for name, place in self._parts():
            path = (*path, name)
            self.where.keys.setdefault(path, place)
        self.at += 1
        self._skip(_SPACE)
        self._value(path)

    def _value(self, path: Path) -> None:
        start = self.at
        end = None
        match self.text[start]:
            case "[":
                self._array(path)
            case "{":
                self._inline_table(path)
            case _:
                end = start + len(self._skip(_SCALAR).rstrip())
        self.where.values[path] = self._place(start, end or self.at)

    def _array(self, path: Path) -> None:
        self.at += 1
        index = 0
        while not self._closed("]"):
            self._value((*path, index))
            index += 1

    def _inline_table(self, path: Path) -> None:
        self.at += 1
        while not self._closed("}"):
            self._pair(path)

    def _closed(self, bracket: str) -> bool:
        """Goes to the next element, over a comma; true behind the closing bracket."""
        self._skip(_GAP)
        if self.text[self.at] == ",":
            self.at += 1
            self._skip(_GAP)
        if self.text[self.at] != bracket:
            return False
        self.at += 1
        return True

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if match is None:
            raise ValueError(f"not TOML at character {self.at}")
        self.at = match.end()
        return match[0]

    def _place(self, start: int, end: int) -> Place:
        line = bisect_right(self.lines, start)
        begin = self.lines[line - 1]
        return Place(line, start - begin + 1, max(1, min(end, self.lines[line] - 1) - start))
