"""Gathers the problems of a configuration."""

from collections.abc import Iterable

from edge.settings.problem import Problem
from edge.settings.where import Place

PATIENCE = 100  # suggestions a report makes; a file of rubbish must not cost minutes


class Report:
    """All problems so far. ``lines`` are the texts of the files; ``complete`` is false once one could not be read."""

    def __init__(self) -> None:
        self.lines: dict[str, list[str]] = {}
        self.complete = True
        self._problems: list[Problem] = []
        self._suggested = 0

    @property
    def failed(self) -> bool:
        """Whether there is an error, not only warnings."""
        return any(problem.severity == "error" for problem in self._problems)

    @property
    def problems(self) -> list[Problem]:
        """In the order of the files and of their lines."""
        files = list(dict.fromkeys(problem.file for problem in self._problems))
        return sorted(self._problems, key=lambda problem: (files.index(problem.file), problem.line, problem.column))

    def add(self, file: str, place: Place, what: str, remedy: str = "", severity: str = "error") -> None:
        """One more problem."""
        lines = self.lines.get(file, [])
        source = lines[place.line - 1] if 0 < place.line <= len(lines) else ""
        self._problems.append(Problem(file, place.line, place.column, place.length, what, remedy, severity, source))

    def nearest(self, word: object, known: Iterable[str], form: str = "'{}'", otherwise: str = "") -> str:
        """A question for the one of ``known`` that is near; otherwise what is given for that, or the list of them."""
        names = sorted(known)
        self._suggested += 1
        if isinstance(word, str) and len(word) <= 40 and self._suggested <= PATIENCE:
            import difflib

            alike = {name.lower(): name for name in names}
            near = difflib.get_close_matches(word.lower(), alike, 1)
            if near:
                return f"did you mean {form.format(alike[near[0]])}?"
        return otherwise or (f"known: {', '.join(names)}" if names else "there is none")
