"""An error at the Nth system call, for every N: nothing accepted is lost, no traceback, collection goes on.

Each call that brings something onto the card, with each error it can give. EDGE_SHARE takes every so many-th N (5; 15
where EDGE_ROUNDS makes the tests short); 1 takes all of them.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.blockdevice import missing_for_mounts, run, unmount
from tests.faults.figures import SHORT
from tests.faults.promises import broken, judge, promised
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
CALLS = {
    "openat": ("EIO", "ENOSPC", "EROFS", "EMFILE", "EINTR"),
    "pwrite64": ("EIO", "ENOSPC", "EROFS", "EINTR"),  # segments
    "write": ("EIO", "ENOSPC", "EROFS", "EINTR"),  # the small state
    "fsync": ("EIO", "ENOSPC", "EROFS", "EINTR"),  # new segments, the small state, directories
    "fdatasync": ("EIO", "ENOSPC", "EROFS", "EINTR"),
    "rename": ("EIO", "ENOSPC", "EROFS"),
    "unlink": ("EIO", "ENOSPC", "EROFS"),
    "ftruncate": ("EIO", "ENOSPC", "EROFS", "EINTR"),  # a segment recycled from a larger one
    "mkdir": ("EIO", "ENOSPC", "EROFS"),
    "pread64": ("EIO", "EINTR"),
}
ON_A_FULL_DISK = {"rename": ("EIO",), "unlink": ("EIO", "EROFS"), "fsync": ("EIO", "EROFS"), "pwrite64": ("EIO",)}
DISK = 96  # KiB: a few segments
GROUPS = 40
SHARE = int(os.environ.get("EDGE_SHARE", "15" if SHORT else "5"))

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace (apt install strace)"),
]


def pairs(calls):
    return [(call, error) for call, errors in calls.items() for error in errors]


def traced(folder, *strace):
    """The writer under strace: what became of it, and what strace saw."""
    seen = folder.parents[1] / "strace.out"  # not on the small disk
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.faults.writer", folder, str(GROUPS)]
    done = subprocess.run(
        ["strace", "-fqqy", "--seccomp-bpf", "-o", seen, *strace, *command],
        cwd=ROOT, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"},
        capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    return done, seen.read_text(errors="replace").splitlines()


def numbers(call, folder):
    """Which calls of this kind concern the node, counted from the start of the process."""
    _, seen = traced(folder, "-e", f"trace={call}")
    shutil.rmtree(folder)
    lines = [line for line in seen if re.search(rf"\b{call}\(", line)]
    return [number for number, line in enumerate(lines, 1) if str(folder) in line]


def each_point(folder, call, error):
    """Injects the error at one point after the other, and judges each."""
    points = numbers(call, folder / "work")
    assert points, f"the node never calls {call}: this test would prove nothing"
    hit, chosen = 0, points[::SHARE]
    for number in chosen:
        done, seen = traced(folder / "work", "-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={number}")
        hit += any("(INJECTED)" in line for line in seen)
        judge(folder / "work", done)
        shutil.rmtree(folder / "work")
    print(f"\n{call} {error}: {hit} of {len(points)} points, 0 promises broken")
    assert hit >= 0.8 * len(chosen), "the error was hardly ever injected"


@pytest.mark.parametrize(("call", "error"), pairs(CALLS))
def test_one_error_costs_nothing_that_was_accepted(tmp_path, call, error):
    each_point(tmp_path / "card", call, error)


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    run("mount", "-t", "tmpfs", "-o", f"size={DISK}k", "tmpfs", folder)
    yield folder
    unmount(folder)


@pytest.mark.skipif(bool(missing_for_mounts()), reason=missing_for_mounts() or "-")
@pytest.mark.parametrize(("call", "error"), pairs(ON_A_FULL_DISK))
def test_one_error_on_a_full_disk_costs_nothing_that_was_accepted(small_disk, call, error):
    each_point(small_disk, call, error)


@pytest.mark.skipif(bool(missing_for_mounts()), reason=missing_for_mounts() or "-")
def test_the_disk_is_small_enough(small_disk):
    """An alarm finds no room, and a routine segment gives way: else the test above would prove less than it says."""
    _, seen = traced(small_disk / "work", "-e", "trace=unlink,pwrite64")
    assert any("unlink" in line and "outbox/spare.tmp" in line for line in seen)
    assert any("alarms/spare.tmp" in line and "ENOSPC" in line for line in seen)


@pytest.mark.parametrize("call", ["pwrite64", "fdatasync", "rename"])
def test_an_error_that_stays_ends_acknowledgements_but_not_the_process(tmp_path, call):
    folder = tmp_path / "card" / "work"
    number = numbers(call, folder)[-3]
    done, _ = traced(folder, "-e", f"trace={call}", "-e", f"inject={call}:error=EIO:when={number}+")
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 3)
    assert promised(done.stdout)
    assert broken(folder, done.stdout) == 0
