"""One table of a configuration against the keys it may hold."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from drivers import Option
from edge.settings.report import Report
from edge.settings.source import Entry
from edge.settings.values import Wrong, shown, value
from edge.settings.where import Place

NOTHING: Mapping[str, str] = MappingProxyType({})


class Table:
    """A table, whom it belongs to in words ("sensor 'pm'"), and the report for its problems."""

    def __init__(self, entry: Entry, owner: str, report: Report) -> None:
        self.entry, self.owner, self.report = entry, owner, report

    def take(
        self, options: Sequence[Option], *, aside: frozenset[str] = frozenset(), elsewhere: Mapping[str, str] = NOTHING
    ) -> dict[str, Any]:
        """The keys that are given and right; every other is reported, and so is a required one that is missing.

        ``aside`` are keys that somebody else looks at; ``elsewhere`` says where keys belong that people put here.
        """
        known = {option.name: option for option in options}
        got: dict[str, Any] = {}
        for key, entry in self.entry.value.items():
            if key in known:
                self._convert(entry, known[key], got)
            elif key not in aside:
                remedy = elsewhere.get(key) or self.report.nearest(key, known.keys() | aside)
                self.at_key(entry, f"unknown key '{key}' in {self.owner}", remedy)
        for option in options:
            if option.required and option.name not in self.entry.value:
                self.missing(f"'{option.name}' is missing", option.help)
        return got

    def missing(self, what: str, remedy: str) -> None:
        """Reports something that is not there, at the header; not while part of the configuration is unreadable."""
        if self.report.complete:
            self.at_key(self.entry, f"{what} in {self.owner}", remedy)

    def cannot_be(self, key: str, known: Sequence[str], otherwise: str = "") -> None:
        """Reports a name that is none of the known ones; ``otherwise`` is the remedy where none is near."""
        entry = self.entry.value[key]
        remedy = self.report.nearest(entry.value, known, otherwise=otherwise)
        self.at_value(entry, f"'{key}' cannot be {shown(entry)}", remedy)

    def at_key(self, entry: Entry, what: str, remedy: str, severity: str = "error") -> None:
        """Reports a problem of a key."""
        self.report.add(entry.source.name, entry.key, what, remedy, severity)

    def at_value(self, entry: Entry, what: str, remedy: str, severity: str = "error") -> None:
        """Reports a problem of a value."""
        self.report.add(entry.source.name, entry.place, what, remedy, severity)

    def at_part(self, entry: Entry, part: tuple[int, int] | None, what: str, remedy: str) -> None:
        """Reports a problem of a part of a text: its column from 1 and its length; None is all of the value."""
        place = entry.place
        if part is not None and entry.written.startswith(('"', "'")) and not entry.written.startswith(('"""', "'''")):
            place = Place(place.line, place.column + part[0], part[1])
        self.report.add(entry.source.name, place, what, remedy)

    def _convert(self, entry: Entry, option: Option, got: dict[str, Any]) -> None:
        try:
            got[option.name] = value(entry, option)
        except Wrong as wrong:
            at = self.at_key if wrong.key else self.at_value
            at(wrong.entry or entry, wrong.what, wrong.remedy)
