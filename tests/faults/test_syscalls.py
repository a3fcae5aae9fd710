"""An error at the Nth system call, for every N: nothing accepted is lost, no traceback, collection goes on."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edge.outbox.outbox import Outbox
from tests.faults.writer import LIMIT, SEGMENT, reading

ROOT = Path(__file__).parents[2]
CALLS = {
    "openat": ("EIO", "ENOSPC", "EROFS", "EMFILE"),
    "pwrite64": ("EIO", "ENOSPC", "EINTR"),
    "fsync": ("EIO", "ENOSPC"),
    "fdatasync": ("EIO", "ENOSPC"),
    "rename": ("EIO", "ENOSPC", "EROFS"),
    "pread64": ("EIO",),
    "mkdir": ("EIO", "ENOSPC", "EROFS"),
}
GROUPS = 40
SHARE = int(os.environ.get("EDGE_SHARE", "5"))  # every so many-th call; 1 is all of them

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace (apt install strace)"),
]


def run(folder, *strace):
    """The writer under strace: its exit code, what it said, and what strace saw."""
    seen = folder.with_suffix(".strace")
    done = subprocess.run(
        ["strace", "-fqqy", "-o", seen, *strace, sys.executable, "-m", "tests.faults.writer", folder, str(GROUPS)],
        cwd=ROOT, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    return done, seen.read_text(errors="replace").splitlines()


def numbers(call, folder):
    """Which calls of this kind concern the outbox, counted from the start of the process."""
    _, seen = run(folder, "-e", f"trace={call}")
    shutil.rmtree(folder)
    lines = [line for line in seen if re.search(rf"\b{call}\(", line)]
    return [number for number, line in enumerate(lines, 1) if str(folder) in line]


def accepted(said):
    """The seqs that the writer was promised, and the oldest that was still kept."""
    lines = said.splitlines()
    oldest = max((int(line.split()[-1]) for line in lines), default=1)
    acks = [line.split() for line in lines if line.startswith("ack")]
    return [seq for _, first, last, *_ in acks for seq in range(int(first), int(last) + 1) if seq >= oldest]


def kept(folder):
    """What a fresh outbox holds after the fault has gone."""
    outbox = Outbox(folder, limit=LIMIT, segment=SEGMENT)
    reader, found, at = outbox.reader(), {}, outbox.first
    while stored := reader.read(at, outbox.last, 500):
        found.update(stored)
        at = stored[-1][0] + 1
    fresh = outbox.last + 1
    assert outbox.put([reading(fresh)]) == (fresh, fresh)
    outbox.close()
    return found


def judged(folder, done):
    """The rules of the house after one injected error."""
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode == 0, done.stdout[-500:]
    found = kept(folder)
    lost = [seq for seq in accepted(done.stdout) if found.get(seq) != reading(seq)]
    assert not lost, f"{len(lost)} accepted readings are gone, the first is {lost[0]}"


@pytest.mark.parametrize(("call", "error"), [(call, error) for call, errors in CALLS.items() for error in errors])
def test_one_error_costs_nothing_that_was_accepted(tmp_path, call, error):
    points = numbers(call, tmp_path / "dry")
    if call not in ("pread64",):
        assert points, f"the outbox never calls {call}: this test would prove nothing"
    hit = 0
    for number in points[::SHARE]:
        folder = tmp_path / f"{call}-{number}"
        done, seen = run(folder, "-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={number}")
        hit += any("(INJECTED)" in line for line in seen)
        judged(folder, done)
        shutil.rmtree(folder, ignore_errors=True)
    assert hit >= 0.8 * len(points[::SHARE]), "the error was hardly ever injected"


@pytest.mark.parametrize("call", ["pwrite64", "fdatasync", "rename"])
def test_an_error_that_stays_ends_acknowledgements_but_not_the_process(tmp_path, call):
    number = numbers(call, tmp_path / "dry")[-3]
    folder = tmp_path / "stays"
    done, _ = run(folder, "-e", f"trace={call}", "-e", f"inject={call}:error=EIO:when={number}+")
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 3)
    found = kept(folder)
    assert accepted(done.stdout)
    assert all(found.get(seq) == reading(seq) for seq in accepted(done.stdout))
