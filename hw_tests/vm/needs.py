"""What this machine must have for a virtual node, and how to get it: ``python -m hw_tests.vm.needs``."""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

TOOLS = {  # program: its Debian package
    "qemu-system-x86_64": "qemu-system-x86",
    "qemu-img": "qemu-utils",
    "mmdebstrap": "mmdebstrap",
    "mke2fs": "e2fsprogs",
    "gcc": "gcc",
    "make": "make",
    "setpriv": "util-linux",
    "mosquitto": "mosquitto",
    "tar": "tar",
    "xz": "xz-utils",
}
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
SOURCES = Path("/usr/src")


def release() -> str | None:
    """The newest kernel whose headers are installed, such as ``6.1.0-37-amd64``."""
    found = [path.name.removeprefix("linux-headers-") for path in SOURCES.glob("linux-headers-*[0-9]-amd64")]
    return max(found, key=_numbers, default=None)


def source(kernel: str) -> Path:
    """Where Debian keeps the source of that kernel."""
    return SOURCES / f"linux-source-{'.'.join(kernel.split('.')[:2])}.tar.xz"


def tool(name: str) -> str:
    """Where a program is. Raises ``LookupError``."""
    if (path := shutil.which(name, path=PATH)) is None:
        raise LookupError(f"{name} is missing")
    return path


def missing() -> list[str]:
    """What is missing, in words."""
    return list(_missing())


def _missing() -> Iterator[str]:
    packages = [package for tool, package in TOOLS.items() if not shutil.which(tool, path=PATH)]
    kernel = release()
    if kernel is None:
        packages.append("linux-headers-amd64")
    if kernel is None or not source(kernel).exists():
        packages.append("linux-source")
    if packages:
        yield f"missing {', '.join(packages)}: sudo apt install --no-install-recommends {' '.join(packages)}"
    if os.geteuid():
        yield "the image is built as root: sudo make vm"


def _numbers(name: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", name)]


if __name__ == "__main__":
    sys.exit("\n".join(missing()) or None)
