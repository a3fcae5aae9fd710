"""A link that swallows packets without a word, as a NAT does that has forgotten a connection."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.figures import figure

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root to cut a network"),
    pytest.mark.skipif(not all(map(shutil.which, ("unshare", "ip"))), reason="needs unshare and ip"),
]


@pytest.mark.parametrize(("kind", "limit"), [("busy", 30), ("idle", 90)])
def test_a_dead_link_is_found(tmp_path, kind, limit):
    command = ["unshare", "-n", sys.executable, "-m", "tests.faults.halfopen", str(tmp_path), kind]
    done = subprocess.run(command, cwd=Path(__file__).parent.parent.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    print(f"{kind}: {told['cause']}, connected {told['back']} s after packets pass again")
    assert told["cause"] in ("lost", "silent")
    figure(f"until a dead link is found, {kind}", told["found"], most=limit)
