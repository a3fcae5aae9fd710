"""Where received readings go: JSON lines, CSV or SQLite. What ``sync`` returned for is on the disk."""

import csv
import io
import json
import os
import sqlite3
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from edge.payload import Record

COLUMNS = ("node", "seq", "device", "quantity", "value", "unit", "time", "boot", "level", "reasons", "raw", "span")


class Store(ABC):
    """A place for readings."""

    @abstractmethod
    def add(self, records: Sequence[Record]) -> None:
        """Takes readings. Raises ``OSError`` or ``sqlite3.Error``."""

    @abstractmethod
    def sync(self) -> None:
        """All that was taken is on the disk when this returns."""

    @property
    def size(self) -> int:
        """How far it has grown, at a sync; to be kept with the account of what is in it. 0 where nothing is kept."""
        return 0

    def recovered(self, size: int) -> Iterator[tuple[str, int]]:
        """Node and seq of what was taken after it had that ``size``; what a kill has torn is cut off."""
        yield from ()

    def close(self) -> None:
        """Ends."""
        self.sync()


class Lines(Store):
    """A text file, or the terminal, that grows line by line."""

    def __init__(self, path: Path | None) -> None:
        self._file: TextIO = sys.stdout if path is None else path.open("a", encoding="utf-8", newline="")
        self._path = path

    def add(self, records: Sequence[Record]) -> None:
        """A line a reading."""
        self._file.write("".join(self._line(record) for record in records))

    def sync(self) -> None:
        """Flushed, and a file synced."""
        self._file.flush()
        if self._path is not None:
            os.fsync(self._file.fileno())

    @property
    def size(self) -> int:
        """Bytes."""
        return os.fstat(self._file.fileno()).st_size if self._path else 0

    def recovered(self, size: int) -> Iterator[tuple[str, int]]:
        """The whole lines behind so many bytes."""
        if self._path is None:
            return
        self._file.flush()
        with self._path.open("r+b") as file:
            file.seek(min(size, self.size))
            for line in file:
                if not line.endswith(b"\n"):
                    file.truncate(file.tell() - len(line))
                elif (found := self._read(line.decode(errors="replace"))) is not None:
                    yield found

    def _read(self, line: str) -> tuple[str, int] | None:
        """Node and seq of a line."""
        try:
            plain = json.loads(line)
            return str(plain["node"]), int(plain["seq"])
        except (ValueError, KeyError, TypeError):
            return None

    def _line(self, record: Record) -> str:
        plain = {name: value for name, value in _row(record).items() if value not in (None, (), 0.0) or name == "value"}
        return json.dumps(plain, ensure_ascii=False) + "\n"


class Table(Lines):
    """The same as CSV, with a header at the front of a new file."""

    def __init__(self, path: Path | None) -> None:
        super().__init__(path)
        if path is None or path.stat().st_size == 0:
            self._file.write(",".join(COLUMNS) + "\r\n")

    def _read(self, line: str) -> tuple[str, int] | None:
        row = next(csv.reader([line]), [])
        return (row[0], int(row[1])) if len(row) == len(COLUMNS) and row[1].isdecimal() else None

    def _line(self, record: Record) -> str:
        text = io.StringIO()
        row = _row(record) | {"reasons": " ".join(record.reasons)}
        csv.writer(text).writerow(["" if row[name] is None else row[name] for name in COLUMNS])
        return text.getvalue()


class Database(Store):
    """A table ``readings`` whose key is node and seq: a reading cannot stand there twice."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        columns = "node TEXT, seq INTEGER, device TEXT, quantity TEXT, value REAL, unit TEXT, time REAL, boot TEXT"
        columns += ", level INTEGER, reasons TEXT, raw REAL, span REAL, PRIMARY KEY (node, seq)"
        self._db.execute(f"CREATE TABLE IF NOT EXISTS readings ({columns})")

    def add(self, records: Sequence[Record]) -> None:
        """A row a reading."""
        rows = [tuple((_row(r) | {"reasons": " ".join(r.reasons)}).values()) for r in records]
        places = ", ".join("?" * len(COLUMNS))
        self._db.executemany(f"INSERT OR IGNORE INTO readings VALUES ({places})", rows)  # noqa: S608 - no foreign text

    def sync(self) -> None:
        """Committed."""
        self._db.commit()

    @property
    def size(self) -> int:
        """Rows that there have ever been."""
        return int(self._db.execute("SELECT coalesce(max(rowid), 0) FROM readings").fetchone()[0])

    def recovered(self, size: int) -> Iterator[tuple[str, int]]:
        """The rows behind so many; the database itself takes back what was torn."""
        yield from self._db.execute("SELECT node, seq FROM readings WHERE rowid > ? ORDER BY rowid", (size,))

    def close(self) -> None:
        """Committed and closed."""
        self.sync()
        self._db.close()


def _row(record: Record) -> dict[str, Any]:
    return {name: getattr(record, name) for name in COLUMNS}


def store(path: Path | None, form: str | None) -> Store:
    """What suits a file by its name: ``.csv``, ``.sqlite`` or ``.db``, anything else JSON lines."""
    form = form or {".csv": "csv", ".sqlite": "sqlite", ".db": "sqlite"}.get(path.suffix if path else "", "jsonl")
    if form == "sqlite":
        if path is None:
            raise ValueError("a database needs a file: edge receive FILE.sqlite")
        return Database(path)
    return Table(path) if form == "csv" else Lines(path)
