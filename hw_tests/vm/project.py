"""The project on its way into the virtual node: the packages it requires, and the tree as it is now."""

import configparser
import io
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PARTS = ("drivers", "edge", "hw_tests", "systemd", "config", "setup.cfg", "pyproject.toml", "README.md", "LICENSE")
PLATFORMS = ("manylinux_2_34_x86_64", "manylinux_2_28_x86_64", "manylinux2014_x86_64", "any")


def requirements() -> list[str]:
    """What the package and its extra ``gpio`` require."""
    setup = _setup()
    lines = setup["options"]["install_requires"] + setup["options.extras_require"]["gpio"]
    return [line for line in lines.splitlines() if line]


def install(folder: Path, python: str) -> None:
    """The packages, as wheels for the node's Python."""
    _pip("install", "--no-compile", "--target", str(folder), *_of_node(python), *requirements())


def download(folder: Path, python: str) -> None:
    """The same as files for the node's own pip, and what builds the package."""
    _pip("download", "--dest", str(folder), *_of_node(python), *requirements(), *_builders())


def _pip(command: str, *words: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", command, "--quiet", "--only-binary=:all:", *words], check=True)


def _of_node(python: str) -> list[str]:
    platforms = [word for platform in PLATFORMS for word in ("--platform", platform)]
    return ["--implementation", "cp", "--python-version", python, *platforms]


def _builders() -> list[str]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        words: list[str] = tomllib.load(file)["build-system"]["requires"]
    return words


def packed() -> bytes:
    """The tree as a tar file, with the entry points of its setup.cfg as an installed package has them."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz", compresslevel=6) as archive:
        for part in PARTS:
            archive.add(ROOT / part, part, filter=_wanted)
        points = _entry_points().encode()
        member = tarfile.TarInfo("edge_gateway.egg-info/entry_points.txt")
        member.size = len(points)
        archive.addfile(member, io.BytesIO(points))
    return whole.getvalue()


def _entry_points() -> str:
    points = _setup()["options.entry_points"]
    return "".join(f"[{group}]{lines}\n" for group, lines in points.items())


def _setup() -> configparser.ConfigParser:
    setup = configparser.ConfigParser(interpolation=None)
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    return setup


def _wanted(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if "__pycache__" in member.name else member
