"""What is handed to systemd: it parses, it is as tight as we say, and it promises what the node needs."""

import os
import re
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "systemd"
UNIT = (FOLDER / "edge.service").read_text(encoding="utf-8")
EXPOSURE = 16  # tenths; 5 of them are the price of reading the kernel's sync state, see systemd/README.md


def tool(name: str) -> str:
    return shutil.which(name) or pytest.skip(f"no {name} on this machine")


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """A copy whose program exists: verify insists on that."""
    path = tmp_path / "edge.service"
    path.write_text(UNIT.replace("/opt/edge/bin/edge", "/bin/true"), encoding="utf-8")
    return path


def settings() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for key, value in re.findall(r"^(\w+)=(.*)$", UNIT, re.MULTILINE):
        found[key].append(value)
    return found


def test_the_unit_parses_without_a_word(unit: Path) -> None:
    done = run(tool("systemd-analyze"), "verify", unit)
    assert (done.returncode, done.stderr) == (0, "")  # an unknown key is only a word on stderr


def test_the_unit_that_spares_the_card_parses_too_and_comes_first(unit: Path) -> None:
    card = shutil.copy(FOLDER / "edge-card.service", unit.parent)
    done = run(tool("systemd-analyze"), "verify", card, unit)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\nBefore=edge.service\n" in Path(card).read_text(encoding="utf-8")
    assert "edge-card" not in UNIT  # the node needs it not


def test_both_units_start_with_the_machine_once_they_are_enabled() -> None:
    """Without the section ``systemctl enable`` only grumbles, and a node that lost its power stays silent."""
    assert "\n[Install]\nWantedBy=multi-user.target\n" in UNIT
    assert "\n[Install]\nWantedBy=edge.service\n" in (FOLDER / "edge-card.service").read_text(encoding="utf-8")


def test_a_misspelt_key_would_be_told(unit: Path) -> None:
    unit.write_text(unit.read_text(encoding="utf-8").replace("WatchdogSec", "WatchdogSecs"), encoding="utf-8")
    assert "WatchdogSecs" in run(tool("systemd-analyze"), "verify", unit).stderr


def test_the_unit_is_tight(unit: Path) -> None:
    done = run(tool("systemd-analyze"), "security", "--offline=true", f"--threshold={EXPOSURE}", unit)
    if "--offline" in done.stderr:
        pytest.skip("this systemd-analyze is older than 250")
    assert done.returncode == 0, done.stdout[-200:]


def test_it_waits_for_neither_network_nor_time() -> None:
    waits = " ".join(settings()["After"] + settings()["Wants"] + settings()["Requires"])
    assert "network" not in waits
    assert "time" not in waits


def test_it_never_gives_up_and_is_watched() -> None:
    found = settings()
    assert found["StartLimitIntervalSec"] == ["0"]
    assert found["Restart"] == ["always"]
    assert found["Type"] == ["notify"]
    assert found["WatchdogSec"] == ["120"]


def test_the_node_can_still_ask_for_boot_id_and_sync_state() -> None:
    found = settings()
    assert "adjtimex" in found["SystemCallFilter"][-1]  # the last word, behind what is taken away
    assert "ProtectClock" not in found  # it refuses adjtimex, whatever the filter says
    assert "ProcSubset" not in found  # pid would hide /proc/sys/kernel/random/boot_id
    assert found["CapabilityBoundingSet"] == [""]


def test_buses_that_come_as_modules_are_there_before_the_unit_looks_for_them() -> None:
    """systemd looks DeviceAllow=char-... up in /proc/devices once, when the service starts."""
    modules = (FOLDER / "edge.modules").read_text(encoding="utf-8").splitlines()
    allowed = {value.split()[0].removeprefix("char-") for value in settings()["DeviceAllow"]}
    built_in = {"ttyAMA", "ttyS", "gpiochip"}
    assert allowed - built_in == {"i2c", "ttyUSB", "ttyACM"}
    assert {"i2c-dev", "usbserial", "cdc-acm"} <= set(modules)


def test_user_groups_and_folders_come_to_be(tmp_path: Path) -> None:
    users, files = tool("systemd-sysusers"), tool("systemd-tmpfiles")
    if os.getuid():
        pytest.skip("needs root to own the folders")
    for kind, folder in (("sysusers", "usr/lib/sysusers.d"), ("tmpfiles", "usr/lib/tmpfiles.d")):
        (tmp_path / folder).mkdir(parents=True)
        shutil.copy(FOLDER / f"edge.{kind}", tmp_path / folder / "edge.conf")
    (tmp_path / "etc").mkdir()
    assert run(users, f"--root={tmp_path}").returncode == 0
    groups = (tmp_path / "etc" / "group").read_text(encoding="utf-8")
    assert all(re.search(rf"^{group}:.*edge$", groups, re.MULTILINE) for group in ("dialout", "i2c", "gpio"))
    done = run(files, f"--root={tmp_path}", "--create")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "etc/edge/secrets").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "var/lib/edge").stat().st_mode & 0o777 == 0o750


def test_the_page_installs_all_there_is_and_removes_it_again() -> None:
    page = (FOLDER.parent / "docs/how-to/install.md").read_text(encoding="utf-8")
    installed, removed = page.split("## 10 Uninstall")
    places = [
        f"/usr/lib/{where}" for where in re.findall(r"`/usr/lib/(\S+)`", (FOLDER / "README.md").read_text("utf-8"))
    ]
    assert len(places) == len(list(FOLDER.iterdir())) - 1  # README.md
    for file in FOLDER.iterdir():
        assert file.name == "README.md" or f"systemd/{file.name}" in installed
    for place in places:
        assert place in installed and place in removed


def test_every_udev_jump_lands() -> None:
    rules = (FOLDER / "60-edge.rules").read_text(encoding="utf-8")
    assert set(re.findall(r'GOTO="(\w+)"', rules)) == set(re.findall(r'LABEL="(\w+)"', rules))
    for line in rules.splitlines():
        assert not line or line.startswith("#") or re.fullmatch(r'(?:[\w{}/]+(?:==|!=|=)"[^"]*"(?:, |$))+', line), line
