"""What is told about the card is true, and the unit that spares it does what it says, on a real ext4."""

import re
import subprocess
from pathlib import Path

import pytest

from edge.cli.journal import commits_every
from edge.clock import Stamp
from edge.outbox.outbox import Outbox
from edge.reading import Reading
from tests.faults.blockdevice import (
    ROOT,
    BlockDevice,
    make_ext4,
    mounted,
    needs_block_device,
    needs_mounts,
    run,
    unmount,
)

pytestmark = [pytest.mark.faults, needs_mounts]

UNIT = (ROOT / "systemd" / "edge-card.service").read_text(encoding="utf-8")


def reading(number):
    return Reading("pm", "pm2_5", float(number), "ug/m3", Stamp("boot", number * 10**8))


def does(what: str, folder: Path) -> int:
    """What the unit does, on another folder."""
    (line,) = re.findall(rf"^{what}=/bin/sh -c '(.*)'$", UNIT, re.MULTILINE)
    command = line.replace("$$", "$").replace("/var/lib/edge", str(folder))
    return subprocess.run(["/bin/sh", "-c", command], stdout=subprocess.DEVNULL, timeout=30).returncode


def test_the_journal_is_written_once_a_minute_while_the_unit_is_active(tmp_path):
    make_ext4(tmp_path / "card.img", 16 << 20)
    with mounted(tmp_path / "card.img", tmp_path / "card") as card:
        folder = card / "edge"
        folder.mkdir()
        told = [commits_every(folder)]
        for what in ("ExecCondition", "ExecStart", "ExecStop"):
            assert does(what, folder) == 0
            told.append(commits_every(folder))
    assert told == [5, 5, 60, 5]


@needs_block_device
def test_what_is_written_is_what_the_device_gets(tmp_path):
    with BlockDevice(tmp_path) as device:
        outbox = Outbox(device.mount / "outbox", limit=1 << 20, segment=1 << 16)
        outbox.put([reading(0)])  # makes the segment
        run("sync", "--file-system", device.mount)  # the journal rests until the next write
        before, told = device.position, outbox.card.written
        for number in range(50):
            outbox.put([reading(number)])
        run("sync", "--file-system", device.mount)
        given = sum(len(op.data) for op in device.ops(before))
        assert 50 * 4096 <= outbox.card.written - told == given
        outbox.close()


def test_another_file_system_is_left_alone(tmp_path):
    run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", tmp_path)
    try:
        assert does("ExecCondition", tmp_path) != 0
        assert commits_every(tmp_path) is None
    finally:
        unmount(tmp_path)
