"""Adds a driver to a clone of this repository, for ``edge driver new``; what it writes is in ``scaffold``."""

import keyword
import re
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from edge.cli import exits
from edge.cli.driver import scaffold

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
GROUP = "edge.drivers ="


def clone(start: Path) -> Path:
    """The clone of this repository that ``start`` lies in. Raises ``Failure``."""
    for folder in (start, *start.parents):
        setup = folder / "setup.cfg"
        if (folder / "drivers" / "driver.py").is_file() and setup.is_file() and GROUP in setup.read_text("utf-8"):
            return folder
    raise exits.Failure(
        f"no setup.cfg with drivers/ beside it in {start} or above: a driver is added to a clone of the repository; "
        "run it there", exits.CANNOT_CREATE,
    )  # fmt: skip


def create(root: Path, name: str, family: str, wire: str, known: Collection[str]) -> list[Path]:
    """Writes all files of a new driver and names it in setup.cfg; gives their paths in ``root``.

    Raises ``Failure`` and leaves nothing behind when ``name`` is one of ``known`` or a file is there already.
    """
    if not NAME.fullmatch(name) or keyword.iskeyword(name):
        what = "a-z first, then a-z 0-9 and _, at most 40, no word of Python"
        raise exits.Failure(f"a driver cannot be called {name!r}: {what}", exits.USAGE)
    setup = root / "setup.cfg"
    before = setup.read_text("utf-8")
    if name in known or name in _named(before):
        raise exits.Failure(f"there is a driver {name!r} already; edge driver list", exits.CANNOT_CREATE)
    files = scaffold.files(name, family, wire)
    for path in (*files, Path("tests/captures", name)):
        if (root / path).exists():
            raise exits.Failure(f"{path} is there already: take another name, or remove it", exits.CANNOT_CREATE)
    written: list[Path] = []
    try:
        for path, text in files.items():
            _write(root / path, text, written)
        _replace(setup, _with(before, name, f"drivers.{family}.{name}:{scaffold.class_of(name, wire)}"))
    except OSError as error:
        for path in reversed(written):
            with suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()
        raise exits.Failure(f"nothing was written: {error}", exits.CANNOT_CREATE) from error
    return [*files, Path("setup.cfg")]


def _write(path: Path, text: str, written: list[Path]) -> None:
    """Writes a new file; it and the folders that it needed are added to ``written``."""
    for folder in reversed(path.parents):
        if not folder.exists():
            folder.mkdir()
            written.append(folder)
    with path.open("x", encoding="utf-8") as file:
        written.append(path)
        file.write(text)


def _replace(path: Path, text: str) -> None:
    """All of the new text, or all of the old."""
    fresh = path.with_name(path.name + ".new")
    try:
        fresh.write_text(text, "utf-8")
        fresh.chmod(path.stat().st_mode)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def _named(setup: str) -> dict[str, int]:
    """The names of the group in setup.cfg, and the line each stands in."""
    lines = setup.splitlines()
    names: dict[str, int] = {}
    for number in range(_group(setup) + 1, len(lines)):
        if not lines[number].startswith((" ", "\t")):
            break
        names[lines[number].partition("=")[0].strip()] = number
    return names


def _with(setup: str, name: str, target: str) -> str:
    """The text with one line more, where the alphabet wants it."""
    lines, names = setup.splitlines(keepends=True), _named(setup)
    after = [number for other, number in names.items() if other > name]
    at = min(after) if after else max(names.values(), default=_group(setup)) + 1
    if not lines[at - 1].endswith("\n"):
        lines[at - 1] += "\n"
    return "".join([*lines[:at], f"    {name} = {target}\n", *lines[at:]])


def _group(setup: str) -> int:
    return [line.strip() for line in setup.splitlines()].index(GROUP)
