"""Small state of a node: cursors, anchors, totals. TinyDB under a storage that survives a power cut.

TinyDB's own storage rewrites the file in place and leaves it unreadable when the power goes meanwhile. Ours writes
a temporary file, syncs it, renames it over the old one and syncs the directory: old or new, never neither.
Readings never go in here; they have the outbox.
"""

import json
import logging
import os
import stat
from pathlib import Path
from threading import Lock
from typing import Any
from zlib import crc32

from tinydb import TinyDB, where
from tinydb.middlewares import CachingMiddleware
from tinydb.storages import Storage

from edge.durable import put_aside, replace_file
from edge.errors import StorageError

log = logging.getLogger("edge.state")

SUM = "crc32"  # the key of the check sum over all that follows


class AtomicStorage(Storage):
    """A JSON file that is replaced as a whole."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, dict[str, Any]] | None:
        """The content; None when there is none yet. An unreadable file is set aside, and the node starts."""
        try:
            return tables(self._path)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError) as error:
            log.error("%s cannot be read (%s); it is set aside and state begins anew", self._path, error)
            put_aside(self._path)
            return None

    def write(self, data: dict[str, dict[str, Any]]) -> None:
        """Replaces the content durably. Raises ``OSError`` and leaves the old content in place."""
        content = json.dumps({SUM: _sum(data), **data}, separators=(",", ":"))
        replace_file(self._path, content.encode())


def tables(path: Path) -> dict[str, dict[str, Any]]:
    """What a state file holds; nothing is touched. Raises ``OSError``, ``ValueError`` or ``RecursionError``."""
    return _tables(_checked(json.loads(_content(path))))


def _content(path: Path) -> bytes:
    """What a plain file holds; never waits for the far end of a pipe. Raises ``ValueError`` for anything else."""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise ValueError("it is no plain file")
    with os.fdopen(fd, "rb") as file:
        return file.read()


def _sum(data: Any) -> int:
    return crc32(json.dumps(data, separators=(",", ":")).encode())


def _checked(content: Any) -> Any:
    """The content without its check sum. Raises ``ValueError`` where that is wrong: a digit may have flipped."""
    if isinstance(content, dict) and SUM in content and content.pop(SUM) != _sum(content):
        raise ValueError("its check sum is wrong")
    return content


def _tables(content: Any) -> dict[str, dict[str, Any]]:
    """The content, if it consists of tables with rows as ``State`` makes them. Raises ``ValueError``."""
    if not isinstance(content, dict) or not all(isinstance(table, dict) for table in content.values()):
        raise ValueError("it holds no tables")
    for table in content.values():
        for number, row in table.items():
            if not (
                number.isdecimal() and isinstance(row, dict) and isinstance(row.get("name"), str) and "value" in row
            ):
                raise ValueError("it holds rows that are not ours")
    return content


class State:
    """Named tables of named values; a ``save`` that changes something is one write of the file."""

    def __init__(self, path: Path) -> None:
        self._storage = CachingMiddleware(AtomicStorage)  # type: ignore[no-untyped-call]
        self._db = TinyDB(path, storage=self._storage)
        self._lock = Lock()
        self._path = path

    def load(self, table: str) -> dict[str, Any]:
        """All values of a table by their names."""
        with self._lock:
            return {row["name"]: row["value"] for row in self._db.table(table).all()}

    def save(self, table: str, values: dict[str, Any]) -> None:
        """Sets these values and keeps the others.

        Raises ``StorageError``; the values are then written by a later save.
        """
        with self._lock:
            rows = self._db.table(table)
            known = {row["name"]: row["value"] for row in rows.all()}
            for name, value in values.items():
                if name not in known or known[name] != value:
                    rows.upsert({"name": name, "value": value}, where("name") == name)
            try:
                self._storage.flush()  # type: ignore[no-untyped-call]
            except OSError as error:
                raise StorageError(self._path, error) from error
