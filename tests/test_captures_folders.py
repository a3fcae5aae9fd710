"""No folder of third-party captures is forgotten: each is run by a test, or named here with the reason."""

import re
from pathlib import Path

import pytest

from tests.captured import FOLDER

LATER = {
    "alphasense-a4": "no driver for electrochemical cells behind an analog front end yet",
    "electrochem-winsen-ze": "no driver yet",
    "gnss-modem-at": "positions of a modem by AT commands: no driver yet",
    "mbus-wired": "no wired M-Bus master yet",
    "mcu680-bridge": "a bridge that sends what a BME680 measured: no driver yet",
    "pm-honeywell-hpma": "no driver yet",
    "pm-winsen-zh0xx": "no driver yet",
    "rtcm3": "corrections are forwarded, not measured",
}


@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no captures at {FOLDER}: set EDGE_CAPTURES")
def test_every_folder_is_run_or_has_its_reason():
    tests = "\n".join(
        path.read_text() for path in sorted(Path(__file__).parent.glob("test_*.py")) if path != Path(__file__)
    )
    folders = {path.name for path in FOLDER.iterdir() if path.is_dir()}
    named = {name for name in folders if re.search(rf'"{re.escape(name)}[/"]', tests)}
    assert folders - named - LATER.keys() == set()
    assert LATER.keys() <= folders
