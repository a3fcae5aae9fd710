"""The power goes at any write to the medium: nothing accepted before is lost, and all opens without a hand.

EDGE_STATES crash states over both workloads (2000 for acceptance): from the first mkdir on, over rolls of segments,
evictions that recycle the oldest one, and saves of the cursors.
"""

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from edge.state import State
from tests.faults.blockdevice import ROOT, BlockDevice, Op, PowerCut, mounted, needs_block_device
from tests.faults.workload import Ack, Saved, acks, everything, open_outbox, reading, saves
from tests.waiting import PATIENCE

pytestmark = [pytest.mark.faults, needs_block_device]

STATES = int(os.environ.get("EDGE_STATES", "60"))
GROUPS = 120
SEED = 417
MUTANT_STATES = 20  # of them nearly each loses something


class Life(NamedTuple):
    """A run of the writer: what went to the medium, and what it was promised."""

    start: Path
    ops: list[Op]
    acks: list[Ack]
    saves: list[Saved]

    def owed(self, at: int) -> range:
        """The seqs that a cut at this position must have left: accepted before it and not evicted until after."""
        before = [ack for ack in self.acks if ack.at <= at]
        after = next((ack for ack in self.acks if ack.at > at), self.acks[-1])
        return range(after.oldest, before[-1].last + 1) if before else range(0)

    def saved(self, at: int) -> int:
        """The seq up to which cursors were saved at least."""
        return max((save.seq for save in self.saves if save.at <= at), default=0)


class Found(NamedTuple):
    """What one crash state had to tell."""

    lost: int
    wrong: int
    state_lost: bool
    trouble: str


def lived(folder, *options, **environment):
    with BlockDevice(folder) as device:
        begin = len(device.ops())
        command = [sys.executable, "-m", "tests.faults.workload", str(device.mount), "--diary", str(device.diary)]
        done = subprocess.run(
            [*command, "--groups", str(GROUPS), *options], cwd=ROOT, env=os.environ | environment,
            capture_output=True, text=True, timeout=PATIENCE,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    ops = device.ops()
    return begin, Life(device.start, ops, acks(done.stdout), saves(done.stdout))


def cuts(life, begin, states):
    """The first start op by op, then anywhere up to the last promise."""
    last = max(at for at, op in enumerate(life.ops) if op.end <= life.acks[-1].at)
    early = range(begin, min(last, begin + states // 3))
    dice = random.Random(SEED)
    return sorted([*early, *(dice.randrange(begin, last) for _ in range(states - len(early)))])


def judged(folder, life, at):
    """Opens what the cut has left, as the node would, and goes on with it."""
    outbox = open_outbox(folder)
    found = everything(outbox)
    lost = sum(seq not in found for seq in life.owed(at))
    wrong = sum(stored != reading(seq) for seq, stored in found.items())
    fresh = outbox.last + 1
    opens = outbox.put([reading(fresh)]) == (fresh, fresh) and everything(outbox)[fresh] == reading(fresh)
    outbox.close()
    cursors = State(folder / "state.json").load("cursors")
    state_lost = cursors.get("city", {"delivered": 0})["delivered"] < life.saved(at)
    left = [path.name for path in (folder / "state.unreadable", folder / "outbox/quarantine") if path.exists()]
    return Found(lost, wrong, state_lost, "" if opens and not left else f"set aside: {left}")


def crashed(tmp_path, life, begin, states):
    """What every crash state had to tell."""
    power, found = PowerCut(life.start, life.ops, random.Random(SEED)), []
    for number, cut in enumerate(cuts(life, begin, states)):
        image = tmp_path / f"crash-{number}.img"  # a mount that is let go late would show the last one
        power.write(image, cut)
        with mounted(image, tmp_path / "crash") as folder:
            found.append(judged(folder, life, life.ops[cut].end))
        image.unlink()
    return found


def report(what, life, found):
    flushes = sum(op.kind == b"F" for op in life.ops)
    lost, saves_lost = sum(state.lost for state in found), sum(state.state_lost for state in found)
    unreadable = sum(bool(state.trouble) or state.wrong > 0 for state in found)
    print(
        f"\n{what}: {life.acks[-1].last} readings accepted, {len(life.saves)} saves,"
        f" {len(life.ops)} ops, {flushes} flushes;"
        f"\n{len(found)} crash states: {lost} readings lost, {unreadable} unreadable, {saves_lost} with a lost save"
    )


@pytest.mark.parametrize("options", [(), ("--state", "--alarms")], ids=["readings", "readings, alarms and cursors"])
def test_a_power_cut_costs_nothing_that_was_accepted(tmp_path, options):
    begin, life = lived(tmp_path, *options)
    assert life.acks[-1].oldest > 1, "nothing was evicted: this test would prove less than it says"
    found = crashed(tmp_path, life, begin, STATES // 2)
    report("power cut", life, found)
    assert bool(life.saves) == bool(options)
    assert all(state == Found(0, 0, False, "") for state in found), [state for state in found if any(state)]


def test_without_syncs_of_the_directory_the_rig_sees_losses(tmp_path):
    begin, life = lived(tmp_path, EDGE_NO_FOLDER_SYNC="1")
    found = crashed(tmp_path, life, begin, MUTANT_STATES)
    report("mutant without syncs of the directory", life, found)
    assert sum(state.lost for state in found) > 0
