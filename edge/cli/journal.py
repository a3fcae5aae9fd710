"""How often the file system under a folder writes its journal: much of what a slow node writes to its card is that."""

import os
from pathlib import Path

DEFAULT = 5.0  # seconds; ext4(5), commit=
MOUNTS = Path("/proc/self/mountinfo")  # proc_pid_mountinfo(5)


def commits_every(folder: Path, mounts: Path = MOUNTS) -> float | None:
    """Seconds between two commits of the journal; None where that is not known, or no ext4."""
    try:
        device = folder.stat().st_dev
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    number = f"{os.major(device)}:{os.minor(device)}"
    found = [line.split(" - ")[1].split() for line in lines if line.split()[2] == number]
    if not found or found[0][0] != "ext4":
        return None
    options = dict(option.partition("=")[::2] for option in found[0][2].split(","))
    return float(options.get("commit", DEFAULT))
