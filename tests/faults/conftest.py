"""What all tests of faults share: mounts that end with the process, and the figures at the end of the run."""

import ctypes
import os
from collections.abc import Iterator

import pytest

CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x00020000, 0x4000, 1 << 18  # linux/sched.h, linux/mount.h


@pytest.fixture(scope="session", autouse=True)
def mounts_of_its_own() -> None:
    """What is mounted here nobody else sees, and a run that is killed leaves none of it behind. Root only."""
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0 and libc.unshare(CLONE_NEWNS) == 0:
        assert libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) == 0


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Shows what the tests printed, which are their figures."""
    for name, lines in _told(terminalreporter):
        terminalreporter.write_line(name)
        for line in lines:
            terminalreporter.write_line(f"    {line}")


def _told(terminalreporter: pytest.TerminalReporter) -> Iterator[tuple[str, list[str]]]:
    for report in terminalreporter.stats.get("passed", ()):
        if report.nodeid.startswith("tests/faults/") and (lines := report.capstdout.strip().splitlines()):
            yield report.nodeid, lines
