"""What tomllib says about a text that is not TOML, for a person: where, what, and how to mend it."""

import re
from collections.abc import Collection, Sequence

from edge.settings.where import Place

_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_TWICE = ("Cannot overwrite", "Cannot declare", "Cannot mutate", "Cannot redefine", "Duplicate", "Can not")
_BACKSLASH = "a backslash begins an escape: write / in its place, or the text in single quotes"

# What stands where tomllib stopped: before it, from there on, and how to mend that.
_WRITTEN: tuple[tuple[str, str, str], ...] = (
    (r"\d$", r",(?=\d)", "numbers have a decimal point, not a comma"),
    (r"=\s*[+-]?0$", r"\d", "a number does not begin with 0"),
    (r"=\s*$", r"[+-]?\.\d", "a digit stands before the point: 0.5"),
    (r"\d\s+$", r"\d", "the digits of a number stand together"),
    (r"\d$", r"[a-zA-Z%°µ:/-]", 'texts stand in quotes: key = "text"'),
    (r"", r"[“”„‘’«»]", 'straight quotes are meant: key = "text"'),
    (r"", r"[\u00a0\u2007\u202f\u200b\ufeff]", "it looks like a blank and is none: write it anew"),
    (r"", r"\x00", "a zero byte: save it as UTF-8 text"),
)
# How tomllib's message begins, and how to mend that.
_SAID: tuple[tuple[str, str], ...] = (
    ("Invalid value", 'texts stand in quotes; true and false in small letters: key = "text"'),
    ("Unterminated string", "the closing quote is missing"),
    ('Expected "\'"', "the closing quote is missing"),
    ("Illegal character", "the closing quote is missing, or a character that must not be there"),
    ("Expected '=' after a key", 'write key = "value"; a name with blanks stands in quotes'),
    ("Expected newline", "one key a line, and only a # comment behind its value"),
    ("Unclosed array", "a comma or the closing ] is missing, here or above"),
    ("Unclosed inline table", "a comma or the closing } is missing, here or above"),
    ("Expected ']]'", "a section of several is closed by ]]"),
    ("Expected ']'", "a section is closed by ]"),
    ("Unescaped", _BACKSLASH),
    ("Invalid hex value", _BACKSLASH),
)
_OTHERWISE = 'a line is key = "value", [section] or # comment'


def explained(message: str, lines: Sequence[str], several: Collection[str]) -> tuple[Place, str, str]:
    """Where, what and remedy, from tomllib's message and the text; ``several`` are sections in double brackets."""
    found = _AT.search(message)
    line, column = (int(found[1]), int(found[2])) if found and found[1] else (len(lines), len(lines[-1]) + 1)
    said, written = message[: found.start()] if found else message, lines[line - 1]
    if said.startswith(_TWICE):
        return _twice(line, written, several)
    return Place(line, column, 1), f"not TOML: {said[:1].lower()}{said[1:]}", _remedy(said, written, column - 1)


def _twice(line: int, written: str, several: Collection[str]) -> tuple[Place, str, str]:
    key = written.partition("=")[0].partition("#")[0].strip()
    place, name = Place(line, written.index(key) + 1, len(key)), key.strip("[]")
    if key == f"[[{name}]]":
        remedy = f"begin each with [[{name}]]; its parts, as [{name}.options], stand below it"
        return place, f"{key} stands below a [{name}] or a part of one", remedy
    if key == f"[{name}]" and name in several:
        return place, f"{key} is given twice", f"begin each of them with [[{name}]]"
    return place, f"{key} is given twice", "keep one of them"


def _remedy(said: str, written: str, at: int) -> str:
    for before, here, remedy in _WRITTEN:
        if re.search(before, written[:at]) and re.match(here, written[at:]):
            return remedy
    return next((remedy for start, remedy in _SAID if said.startswith(start)), _OTHERWISE)
