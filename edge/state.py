"""Small state of a node: cursors, anchors, totals. TinyDB under a storage that survives a power cut.

TinyDB's own storage rewrites the file in place and leaves it unreadable when the power goes meanwhile. Ours writes
a temporary file, syncs it, renames it over the old one and syncs the directory: old or new, never neither.
Readings never go in here; they have the outbox.
"""

import json
import logging
import os
from pathlib import Path
from threading import Lock
from typing import Any

from tinydb import TinyDB, where
from tinydb.middlewares import CachingMiddleware
from tinydb.storages import Storage

from edge.errors import StorageError

log = logging.getLogger("edge.state")


class AtomicStorage(Storage):
    """A JSON file that is replaced as a whole."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, dict[str, Any]] | None:
        """The content; None when there is none yet. An unreadable file is set aside, and the node starts."""
        try:
            content: dict[str, dict[str, Any]] = json.loads(self._path.read_bytes())
            return content
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            log.error("%s cannot be read (%s); it is set aside and state begins anew", self._path, error)
            self._path.replace(self._path.with_suffix(".unreadable"))
            return None

    def write(self, data: dict[str, dict[str, Any]]) -> None:
        """Replaces the content durably. Raises ``OSError`` and leaves the old content in place."""
        fresh = self._path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(data, file, separators=(",", ":"))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


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
