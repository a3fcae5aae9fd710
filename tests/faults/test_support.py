"""A support file of a node whose card is read-only or full: an error that says where to, and a file elsewhere."""

import os
import shutil
import subprocess
import tarfile

import pytest

from edge.cli import main

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a card"),
    pytest.mark.skipif(shutil.which("mount") is None, reason="needs mount"),
]
NODE = '[node]\nid = "LP-T"\n'


@pytest.fixture
def card(tmp_path):
    """A file system of its own with a configuration on it; ``remount`` changes its options."""
    card = tmp_path / "card"
    card.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", card], check=True)
    (card / "edge.toml").write_text(NODE)
    yield card
    subprocess.run(["umount", card], check=True)


def support(card, *out):
    return main(["support", *map(str, out), "--config", str(card / "edge.toml"), "--state", str(card / "state")])


def test_a_read_only_card_gives_a_file_elsewhere(card, tmp_path, capsys):
    subprocess.run(["mount", "-o", "remount,ro", card], check=True)
    assert support(card, card) == 73
    assert "is on a read-only card. Do: edge support /tmp" in capsys.readouterr().err
    assert support(card, tmp_path) == 0
    with tarfile.open(tmp_path / "edge-support-LP-T.tar.gz") as archive:
        assert archive.extractfile("edge-support-LP-T/config/edge.toml").read().decode() == NODE


def test_a_full_card_keeps_no_half_of_a_file(card, capsys):
    with (card / "filler").open("wb", buffering=0) as filler, pytest.raises(OSError, match="No space"):
        while filler.write(os.urandom(1024)):
            pass
    assert support(card, card) == 74
    assert "has no room: the disk is full" in capsys.readouterr().err
    assert sorted(path.name for path in card.iterdir()) == ["edge.toml", "filler"]
