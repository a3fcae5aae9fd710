"""A file system that takes only a part of a write: the rest of it is neither written nor counted.

It passes everything on to a folder, by FUSE and without a page cache, so that a write of the process is a write of the
file system. POSIX allows each write to be short; full disks, limits and signals make it so.

The server runs as `python -m tests.faults.shortdisk FOLDER ORDER MOUNTPOINT`.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.faults.blockdevice import ROOT, end_with_parent, is_mounted, unmount, wait_for
from tests.waiting import PATIENCE

PARTS: dict[str, Callable[[int], int]] = {
    "nothing": lambda size: 0,
    "one byte": lambda size: 1,
    "half": lambda size: max(1, size // 2),
    "all but one": lambda size: max(1, size - 1),
}
NONE, EACH = -1, 0  # in place of the number of the write


class ShortDisk:
    """A mounted one; a context manager that leaves nothing behind."""

    def __init__(self, folder: Path) -> None:
        """What is written lands in ``folder / "behind"``."""
        self.behind, self.mount, self._order = folder / "behind", folder / "mount", folder / "order"
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "ShortDisk":
        for folder in (self.behind, self.mount):
            folder.mkdir(parents=True)
        self.shorten(NONE, "half")
        command = [sys.executable, "-m", "tests.faults.shortdisk", self.behind, self._order, self.mount]
        self._server = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL)
        assert wait_for(lambda: is_mounted(self.mount) or self._server.poll() is not None), "no mount"
        assert is_mounted(self.mount)
        return self

    def __exit__(self, *_: object) -> None:
        unmount(self.mount)
        assert self._server is not None
        self._server.wait(timeout=PATIENCE)

    def shorten(self, number: int, part: str) -> None:
        """From now on write ``number`` takes only a part; ``EACH`` of them, or ``NONE``."""
        fresh = self._order.with_suffix(".new")
        fresh.write_text(f"{number} {part}")
        fresh.replace(self._order)

    @property
    def writes(self) -> tuple[int, int]:
        """How many there were since then, and how many of them were short."""
        writes, short = self._order.with_suffix(".seen").read_text().split()
        return int(writes), int(short)


class Order:
    """Which write is to be short; another file is another order, and counting begins anew."""

    def __init__(self, path: Path) -> None:
        self._path, self._stamp = path, (0, 0)
        self._number, self._part, self._writes, self._short = NONE, "half", 0, 0
        self._seen = os.open(path.with_suffix(".seen"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)

    def taken(self, size: int) -> int:
        """The bytes that this write takes."""
        self._look()
        self._writes += 1
        part = PARTS[self._part](size) if self._number in (EACH, self._writes) else size
        self._short += part < size
        os.pwrite(self._seen, f"{self._writes} {self._short}\n".encode(), 0)
        return part

    def _look(self) -> None:
        found = self._path.stat()
        if (found.st_ino, found.st_mtime_ns) == self._stamp:
            return
        self._stamp = found.st_ino, found.st_mtime_ns
        number, self._part = self._path.read_text().split(maxsplit=1)
        self._number, self._writes, self._short = int(number), 0, 0
        os.ftruncate(self._seen, 0)


STAT = ("mode", "nlink", "size", "uid", "gid", "ino")


def _serve(behind: Path, order: Path, mountpoint: Path) -> None:
    import mfusepy

    end_with_parent()

    def at(path: str) -> Path:
        return behind / path.lstrip("/")

    class Passing(mfusepy.Operations):
        """``behind``, with writes cut as ordered."""

        use_ns = True

        def __init__(self):
            self._order = Order(order)

        def getattr(self, path, fh=None):
            found = at(path).lstat() if fh is None else os.fstat(fh)
            return {f"st_{name}": getattr(found, f"st_{name}") for name in STAT}

        def readdir(self, path, fh):
            return [".", "..", *(found.name for found in at(path).iterdir())]

        def statfs(self, path):
            found = os.statvfs(at(path))
            return {name: getattr(found, name) for name in ("f_bsize", "f_frsize", "f_blocks", "f_bfree", "f_bavail")}

        def create(self, path, mode, fi=None):
            return os.open(at(path), os.O_RDWR | os.O_CREAT, mode)

        def open(self, path, flags):
            return os.open(at(path), flags)

        def release(self, path, fh):
            os.close(fh)

        def read(self, path, size, offset, fh):
            return os.pread(fh, size, offset)

        def write(self, path, data, offset, fh):
            return os.pwrite(fh, data[: self._order.taken(len(data))], offset)

        def fsync(self, path, datasync, fh):
            return 0

        def truncate(self, path, length, fh=None):
            os.truncate(at(path) if fh is None else fh, length)

        def mkdir(self, path, mode):
            at(path).mkdir(mode)

        def rmdir(self, path):
            at(path).rmdir()

        def unlink(self, path):
            at(path).unlink()

        def rename(self, old, new):
            at(old).rename(at(new))

    mfusepy.FUSE(Passing(), str(mountpoint), foreground=True, nothreads=True, direct_io=True)


if __name__ == "__main__":
    _serve(*map(Path, sys.argv[1:4]))
