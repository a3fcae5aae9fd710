"""One node at a time on a state folder."""

import fcntl
import os
from pathlib import Path

from edge.errors import AlreadyRunning, StorageError


def locked(folder: Path) -> int:
    """Holds the state folder for this process until the number that comes back is closed; a read-only one too.

    Raises ``StorageError`` when the folder cannot be used, ``AlreadyRunning`` when another process holds it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise StorageError(folder, error) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise AlreadyRunning(f"another node runs on {folder}; see: edge status --state {folder}") from None
    return lock
