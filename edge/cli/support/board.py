"""What a node runs on: board, kernel, system, Python and its libraries, and the card under its state."""

import os
import platform
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import edge
from edge.machine import Machine

LINES = {  # of these files, the lines that begin so
    "etc/os-release": ("PRETTY_NAME=", "VERSION_ID="),
    "proc/cpuinfo": ("Model", "Revision", "model name"),
    "proc/meminfo": ("MemTotal:", "MemAvailable:", "SwapTotal:"),
}
WHOLE = ("proc/device-tree/model", "proc/version", "proc/uptime", "proc/loadavg", "proc/sys/kernel/random/boot_id",
         "sys/devices/platform/soc/soc:firmware/get_throttled")  # fmt: skip


def facts(state: Path, root: Path = Path("/")) -> dict[str, Any]:
    """All of it; what this machine does not tell is left out."""
    return {
        "edge": edge.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "libraries": dict(sorted((part.name, part.version) for part in metadata.distributions())),
        "files": dict(_files(root)),
        "now": Machine(state, root).status(),
        "mount": mount(state, root),
    }


def _files(root: Path) -> Iterator[tuple[str, Any]]:
    for name in WHOLE:
        if text := _text(root / name):
            yield name, text
    for name, beginnings in LINES.items():
        if lines := [line for line in _text(root / name).splitlines() if line.startswith(beginnings)]:
            yield name, list(dict.fromkeys(lines))  # a line a core says the same


def mount(folder: Path, root: Path) -> str | None:
    """The line of proc_pid_mountinfo(5) for the mount that holds a folder: its file system, and whether it is ro."""
    at = os.path.realpath(folder)
    best = None
    for line in _text(root / "proc/self/mountinfo").splitlines():
        point = line.split()[4]
        inside = at == point or at.startswith(point.rstrip("/") + "/")
        if inside and (best is None or len(point) >= len(best.split()[4])):
            best = line
    return best


def _text(path: Path) -> str:
    """What a file of the system says, nothing where there is none."""
    try:
        return path.read_bytes().decode("utf-8", "replace").strip("\0\n")
    except OSError:
        return ""
