"""What nodes tell beside readings, a JSON line each: who commanded what, what was lost, what was restarted."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class EventLines:
    """A file that grows; without a path nothing is kept."""

    def __init__(self, path: Path | None) -> None:
        """A line that a kill has torn is cut off: its event comes again. Raises ``OSError``."""
        self._file = None if path is None else path.open("a+b")
        if self._file is not None:
            self._file.seek(0)
            whole = sum(len(line) for line in self._file if line.endswith(b"\n"))
            self._file.truncate(whole)

    def add(self, node: str, event: Mapping[str, Any]) -> None:
        """Takes an event of a node as it came; one that comes twice stands there twice."""
        if self._file is not None:
            self._file.write(json.dumps({"node": node, **event}, ensure_ascii=False).encode() + b"\n")

    def sync(self) -> None:
        """All that was taken is on the disk when this returns."""
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Ends."""
        self.sync()
        if self._file is not None:
            self._file.close()
