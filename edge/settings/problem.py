"""A problem of a configuration: where, what, and how to mend it."""

from collections.abc import Iterable
from dataclasses import dataclass

WIDTH = 100  # characters of a source line worth showing


@dataclass(frozen=True, slots=True)
class Problem:
    """A span of a file and what is wrong with it; ``line`` 0 means the file as a whole.

    ``severity`` is "error" or "warning"; a warning never keeps a configuration from being used.
    ``source`` is the text of the line.
    """

    file: str
    line: int
    column: int
    length: int
    what: str
    remedy: str = ""
    severity: str = "error"
    source: str = ""

    def __str__(self) -> str:
        """``FILE:LINE:COLUMN: what``, the line, and carets with the remedy."""
        where = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        what = f"warning: {self.what}" if self.severity == "warning" else self.what
        if not self.line:
            return "\n".join(_plain(text) for text in (f"{where}: {what}", f"      | {self.remedy}"))
        source, column = self._window()
        carets = "^" * max(1, min(self.length, WIDTH + 1 - column))
        under = f"      | {' ' * (column - 1)}{carets} {self.remedy}"
        return "\n".join(_plain(text).rstrip() for text in (f"{where}: {what}", f"{self.line:5} | {source}", under))

    def _window(self) -> tuple[str, int]:
        """The part of the line around the span, and the column in that part."""
        if len(self.source) <= WIDTH:
            return self.source, self.column
        start = max(0, self.column - 1 - WIDTH // 4)
        return self.source[start : start + WIDTH], self.column - start

    def as_json(self) -> dict[str, str | int]:
        """The same for machines."""
        return {
            "file": _plain(self.file),
            "line": self.line,
            "column": self.column,
            "length": self.length,
            "severity": self.severity,
            "what": _plain(self.what),
            "remedy": _plain(self.remedy),
        }


class SettingsError(Exception):
    """The configuration cannot be used; ``problems`` are all of them, warnings too."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def _plain(text: str) -> str:
    """Nothing that could move a terminal's cursor or put the carets out of line."""
    return "".join(char if char.isprintable() else " " if char == "\t" else "?" for char in text)
