"""Files that are replaced as a whole: after a power cut it is the old one or the new one, never neither."""

import logging
import os
from pathlib import Path

log = logging.getLogger("edge.durable")


def replace_file(path: Path, content: bytes) -> None:
    """The file has this content, durably, when this returns. Raises ``OSError`` and leaves the old one in place."""
    fresh = path.with_suffix(".new")
    _clear(fresh)
    with fresh.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes names durable: a rename is only on the card once its directory is."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def put_aside(path: Path) -> None:
    """Renames what cannot be used, over what was set aside before where that can be."""
    places = (path.with_suffix(".unreadable"), path.with_suffix(f".unreadable-{os.urandom(4).hex()}"))
    for place in places:
        try:
            path.replace(place)
            return
        except OSError as error:
            log.debug("%s cannot become %s: %s", path, place.name, error)
    log.error("%s could not be set aside", path)


def _clear(path: Path) -> None:
    """Makes room for a file of our own, whatever lay there before. Raises ``OSError``."""
    try:
        path.unlink(missing_ok=True)
    except (IsADirectoryError, PermissionError):
        put_aside(path)
