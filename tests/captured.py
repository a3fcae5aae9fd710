"""Third-party captures: where they are, and which of their cases have been run.

They are other people's data, read in place and never part of the repository.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(os.environ.get("EDGE_CAPTURES", Path(__file__).parents[2] / "shared" / "captures"))

Case = dict[str, Any]


def require() -> None:
    """Skips the whole module where they are absent."""
    if not FOLDER.is_dir():
        pytest.skip(f"no captures at {FOLDER}: set EDGE_CAPTURES", allow_module_level=True)


def files(folders: Iterable[str]) -> Iterator[tuple[str, Case]]:
    """``folder/file`` and content of the JSON files of some folders."""
    for folder in folders:
        for path in sorted((FOLDER / folder).glob("*.json")):
            yield f"{folder}/{path.stem}", json.loads(path.read_text("utf-8"))


def listed(folders: Iterable[str], **usual: str) -> Iterator[tuple[str, Case]]:
    """The cases of such files, each with the sensor of its file, and with what is ``usual``."""
    for file, about in files(folders):
        for number, case in enumerate(about["cases"]):
            yield f"{file}:{case.get('id', number)}", {"sensor": about.get("sensor", ""), "file": file} | usual | case


class Cases:
    """The cases of a module, ``folder/file:case``, each with a ``kind``; those ``left`` for a reason are not run."""

    def __init__(self, found: Iterable[tuple[str, Case]], left: Callable[[Case], bool] = lambda case: False) -> None:
        cases = dict(found)
        self.left = {name for name, case in cases.items() if left(case)}
        self.all = {name: case for name, case in cases.items() if name not in self.left}
        self._run: Counter[str] = Counter()

    def of(self, where: str, *kinds: str) -> list:
        """Parameters for a test: the cases of some kinds, whose names begin with ``where``."""
        names = [name for name, case in self.all.items() if name.startswith(where) and case["kind"] in kinds]
        self._run.update(names)
        return [pytest.param(self.all[name], id=name) for name in names]

    def check(self, folders: Collection[str], *, most: int = 1) -> None:
        """Every case is run, at ``most`` so often, and every folder has some."""
        assert self._run.keys() == self.all.keys()
        assert all(count <= most for count in self._run.values())
        assert {name.partition("/")[0] for name in self._run} == set(folders)
