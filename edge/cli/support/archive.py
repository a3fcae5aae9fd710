"""A tar.gz that only its owner may read; a half-written one does not stay."""

import io
import os
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from edge.cli.support.contents import Part
from edge.clock import SystemWall

MODE = 0o600


def write(path: Path, folder: str, parts: Iterable[Part]) -> None:
    """Writes what the parts hold below a ``folder`` of the archive. Raises ``OSError``, also when ``path`` exists."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, MODE)
    now = SystemWall().utc() // 10**9
    try:
        with os.fdopen(fd, "wb") as file:
            os.fchmod(file.fileno(), MODE)  # whatever the umask is
            with tarfile.open(fileobj=file, mode="w:gz") as archive:
                for part in parts:
                    archive.addfile(_header(f"{folder}/{part.name}", len(part.content), now), io.BytesIO(part.content))
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise


def free(folder: Path, name: str) -> Iterator[Path]:
    """Names in a folder that may be free: the name itself, then with numbers."""
    yield folder / f"{name}.tar.gz"
    yield from (folder / f"{name}-{number}.tar.gz" for number in range(2, 1000))


def _header(name: str, size: int, now: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.size, header.mtime, header.mode = size, now, MODE
    return header
