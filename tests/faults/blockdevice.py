"""A block device that keeps a diary of every write and flush, so that the power can be cut at any of them afterwards.

One file in a FUSE file system, a loop device on it, a real ext4 on that. What had been written but not flushed when
the power went may have reached the medium, in any subset, whole or torn at a sector.

The server runs as `python -m tests.faults.blockdevice IMAGE DIARY MOUNTPOINT`.
"""

import ctypes
import errno
import os
import random
import shutil
import signal
import stat
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
SBIN = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
SIZE = 24 << 20
SECTOR = 512
ENTRY = struct.Struct("<cQI")  # W or F, offset, length; the bytes of a write follow
WRITE, FLUSH = b"W", b"F"
REACHED, TORN = 0.4, 0.2  # shares of unflushed writes that are on the medium, or partly


class Op(NamedTuple):
    """One entry of the diary; ``end`` is the size of the diary behind it."""

    end: int
    kind: bytes
    offset: int
    data: bytes


def missing_for_mounts() -> str:
    """What this machine lacks for a loop device with ext4; empty when nothing."""
    if os.geteuid() != 0:
        return "needs root, to mount"
    if not Path("/dev/loop-control").exists():
        return "needs loop devices"
    lacking = [tool for tool in ("mkfs.ext4", "mount", "umount") if shutil.which(tool, path=SBIN) is None]
    return f"needs {lacking[0]} (apt install e2fsprogs mount)" if lacking else ""


def missing_for_fuse() -> str:
    """What this machine lacks for a file system in a process; empty when nothing."""
    if os.geteuid() != 0:
        return "needs root, to mount"
    if not Path("/dev/fuse").exists():
        return "needs /dev/fuse"
    try:
        import mfusepy  # noqa: F401
    except (ImportError, OSError) as error:  # it raises the latter where libfuse is missing
        return f"needs mfusepy and libfuse3 (pip install mfusepy, apt install fuse3): {error}"
    return ""


def missing() -> str:
    """What this machine lacks for a ``BlockDevice``; empty when nothing."""
    return missing_for_fuse() or missing_for_mounts()


needs_mounts = pytest.mark.skipif(bool(missing_for_mounts()), reason=missing_for_mounts() or "-")
needs_block_device = pytest.mark.skipif(bool(missing()), reason=missing() or "-")


def run(*command: str | Path) -> str:
    """What a command said; raises ``CalledProcessError`` when it failed."""
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=PATIENCE, env=os.environ | {"PATH": SBIN}
    )
    return done.stdout


def make_ext4(image: Path, size: int, *, journal: bool = True) -> None:
    """A fresh ext4 with blocks of 4 KiB in a file; without a journal it outlives errors of its device."""
    with image.open("wb") as file:
        file.truncate(size)
    eager = "lazy_itable_init=0,lazy_journal_init=0"
    with_journal = ("-J", "size=4") if journal else ("-O", "^has_journal")
    run("mkfs.ext4", "-q", "-F", "-b", "4096", *with_journal, "-E", eager, image)


@contextmanager
def mounted(image: Path, folder: Path, *, options: str = "loop") -> Iterator[Path]:
    """The file system in ``image`` at ``folder``; the loop device goes with the mount."""
    folder.mkdir(exist_ok=True)
    run("mount", "-t", "ext4", "-o", options, image, folder)
    try:
        yield folder
    finally:
        unmount(folder)


def is_mounted(folder: Path) -> bool:
    """Unlike ``ismount`` it knows a file system whose server has died."""
    return any(line.split()[1] == str(folder) for line in Path("/proc/self/mounts").read_text().splitlines())


def unmount(folder: Path) -> None:
    """Waits for whoever still uses it; at last it goes anyway."""
    if not wait_for(lambda: _unmounted(folder), 30):
        run("umount", "--lazy", folder)


def _unmounted(folder: Path) -> bool:
    try:
        run("umount", folder)
    except subprocess.CalledProcessError:
        return not is_mounted(folder)
    return True


def wait_for(predicate: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Whether it came true in time."""
    end = time.monotonic() + seconds
    while not predicate():
        if time.monotonic() > end:
            return False
        threading.Event().wait(0.01)
    return True


class BlockDevice:
    """A mounted ext4 whose device writes a diary; a context manager that leaves nothing behind."""

    def __init__(self, folder: Path, size: int = SIZE, *, options: str = "loop", journal: bool = True) -> None:
        """Keeps its files in ``folder``: ``start.img`` is the medium as it was when the diary began."""
        folder.mkdir(parents=True, exist_ok=True)
        self.start, self._image = folder / "start.img", folder / "now.img"
        self.diary, self.mount = folder / "diary", folder / "mount"
        self._fuse, self._size, self._options, self._journal = folder / "fuse", size, options, journal
        self._failing = _failing(self.diary)
        self._server: subprocess.Popen[bytes] | None = None
        self._stack = ExitStack()

    def __enter__(self) -> "BlockDevice":
        with ExitStack() as stack:
            make_ext4(self.start, self._size, journal=self._journal)
            shutil.copy(self.start, self._image)
            self._fuse.mkdir(exist_ok=True)
            stack.callback(self._end)
            self._begin()
            stack.enter_context(mounted(self._fuse / "medium", self.mount, options=self._options))
            stack.callback(self.go_on)
            stack.callback(self.heal)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def stall(self) -> None:
        """From now on no write and no flush comes back, until ``go_on``."""
        self._signal(signal.SIGSTOP)
        assert wait_for(self._stopped)

    def _stopped(self) -> bool:
        assert self._server is not None
        return Path(f"/proc/{self._server.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    def go_on(self) -> None:
        """Ends a stall."""
        self._signal(signal.SIGCONT)

    def fail(self) -> None:
        """From now on every write and every flush is an I/O error, until ``heal``; reads go on."""
        self._failing.touch()

    def heal(self) -> None:
        """The medium takes everything again."""
        self._failing.unlink(missing_ok=True)

    @property
    def position(self) -> int:
        """Where the diary stands."""
        return self.diary.stat().st_size

    def ops(self, begin: int = 0) -> list[Op]:
        """The diary from a position on."""
        found = []
        with self.diary.open("rb") as file:
            file.seek(begin)
            while len(head := file.read(ENTRY.size)) == ENTRY.size:
                kind, offset, length = ENTRY.unpack(head)
                data = file.read(length)
                found.append(Op(file.tell(), kind, offset, data))
        return found

    def _begin(self) -> None:
        command = [sys.executable, "-m", "tests.faults.blockdevice", self._image, self.diary, self._fuse]
        self._server = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL)
        served = self._fuse / "medium"
        assert wait_for(lambda: served.exists() or self._server.poll() is not None) and served.exists()

    def _end(self) -> None:
        if is_mounted(self._fuse):
            unmount(self._fuse)
        assert self._server is not None
        try:
            self._server.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self._server is not None and self._server.poll() is None:
            self._server.send_signal(number)


class PowerCut:
    """Makes the medium as a power cut may have left it; ask for ascending cuts."""

    def __init__(self, start: Path, ops: list[Op], dice: random.Random) -> None:
        self._ops, self._dice = ops, dice
        self._durable = bytearray(start.read_bytes())
        self._at = 0  # ops before it are in _durable

    def write(self, image: Path, cut: int) -> None:
        """The medium after op number ``cut``: all up to the last flush, and some of what came later."""
        flushed = next((at for at in range(cut, self._at - 1, -1) if self._ops[at].kind == FLUSH), self._at - 1)
        for op in self._ops[self._at : flushed + 1]:
            _apply(self._durable, op, len(op.data))
        self._at = max(self._at, flushed + 1)
        medium = bytearray(self._durable)
        for op in self._ops[self._at : cut + 1]:
            _apply(medium, op, self._reached(op))
        image.write_bytes(medium)

    def _reached(self, op: Op) -> int:
        chance = self._dice.random()
        if chance < REACHED:
            return len(op.data)
        sectors = len(op.data) // SECTOR
        return self._dice.randrange(sectors) * SECTOR if chance < REACHED + TORN and sectors else 0


def _apply(medium: bytearray, op: Op, length: int) -> None:
    medium[op.offset : op.offset + length] = op.data[:length]


def _failing(diary: Path) -> Path:
    """The file whose being there makes the medium fail."""
    return diary.with_name("failing")


def end_with_parent() -> None:
    """This process is killed when the one that started it ends, stopped or not: prctl(2)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def _serve(image: Path, diary: Path, mountpoint: Path) -> None:
    import mfusepy

    end_with_parent()

    class Medium(mfusepy.Operations):
        """One file, ``/medium``."""

        use_ns = True

        def __init__(self) -> None:
            self._image = os.open(image, os.O_RDWR)
            self._size = os.fstat(self._image).st_size
            self._diary = os.open(diary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)

        def getattr(self, path, fh=None):
            if path == "/":
                return {"st_mode": stat.S_IFDIR | 0o755, "st_nlink": 2}
            if path == "/medium":
                return {"st_mode": stat.S_IFREG | 0o600, "st_nlink": 1, "st_size": self._size}
            raise mfusepy.FuseOSError(errno.ENOENT)

        def readdir(self, path, fh):
            return [".", "..", "medium"]

        def read(self, path, size, offset, fh):
            return os.pread(self._image, size, offset)

        def write(self, path, data, offset, fh):
            self._check()
            os.write(self._diary, ENTRY.pack(WRITE, offset, len(data)) + data)
            return os.pwrite(self._image, data, offset)

        def fsync(self, path, datasync, fh):
            self._check()
            os.write(self._diary, ENTRY.pack(FLUSH, 0, 0))
            return 0

        def _check(self):
            if _failing(diary).exists():
                raise mfusepy.FuseOSError(errno.EIO)

    mfusepy.FUSE(Medium(), str(mountpoint), foreground=True, nothreads=True)


if __name__ == "__main__":
    _serve(*map(Path, sys.argv[1:4]))
