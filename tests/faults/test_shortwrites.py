"""A write takes only a part of its bytes: what was not taken is written again, or nothing is acknowledged.

Each write of a node, cut to nothing, to one byte, to half and to all but one. EDGE_SHARE takes every so many-th write
(5; 15 where EDGE_ROUNDS makes the tests short); 1 takes all of them. That the rig notices losses is shown on a node
that believes every write.
"""

import os
import shutil
import subprocess
import sys

import pytest

from tests.faults.blockdevice import ROOT, missing_for_fuse
from tests.faults.figures import SHORT
from tests.faults.promises import broken, judge
from tests.faults.shortdisk import EACH, NONE, PARTS, ShortDisk
from tests.waiting import PATIENCE

GROUPS = 40
SHARE = int(os.environ.get("EDGE_SHARE", "15" if SHORT else "5"))

pytestmark = [pytest.mark.faults, pytest.mark.skipif(bool(missing_for_fuse()), reason=missing_for_fuse() or "-")]


@pytest.fixture
def disk(tmp_path):
    with ShortDisk(tmp_path) as disk:
        yield disk


def written(disk, number, part, **environment):
    """The writer on that disk: what became of it, and the folder it has left, without the disk."""
    shutil.rmtree(disk.behind / "work", ignore_errors=True)
    (disk.mount / "work").mkdir()
    disk.shorten(number, part)
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.writer", disk.mount / "work", str(GROUPS)],
        cwd=ROOT, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    return done, disk.behind / "work"


def points(disk, share):
    """The numbers of all writes, or of every so many-th."""
    written(disk, NONE, "half")
    writes, short = disk.writes
    assert writes > GROUPS and short == 0, "the disk does not see each write: this test would prove nothing"
    return range(1, writes + 1, share)


@pytest.mark.parametrize("part", PARTS)
def test_a_short_write_costs_nothing_that_was_accepted(disk, part):
    chosen = points(disk, SHARE)
    for number in chosen:
        done, folder = written(disk, number, part)
        assert disk.writes[1] == 1, f"write {number} was not cut"
        judge(folder, done)
    print(f"\n{part}: {len(chosen)} of {chosen.stop - 1} writes cut, 0 promises broken")


@pytest.mark.parametrize("part", ["half", "all but one"])
def test_every_write_is_short_and_nothing_is_lost(disk, part):
    done, folder = written(disk, EACH, part)
    assert disk.writes[1] > GROUPS
    judge(folder, done)


def test_a_card_that_takes_no_byte_and_gives_no_reason_is_trouble_and_no_endless_loop(disk):
    done, folder = written(disk, EACH, "nothing")
    assert done.returncode == 3 and "Traceback" not in done.stderr, done.stderr
    assert "trouble" in done.stdout and "ack" not in done.stdout
    assert broken(folder, done.stdout) == 0


def test_a_node_that_believes_every_write_is_seen_to_lose_readings(disk):
    lost = 0
    for number in points(disk, 9):
        done, folder = written(disk, number, "half", EDGE_TRUST_WRITES="1")
        lost += broken(folder, done.stdout)
    print(f"\nmutant that ignores what a write returns: {lost} readings lost")
    assert lost > 0
