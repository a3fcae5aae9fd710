"""What the card is really given: bytes written to the block device under a folder, the journal and all.

The kernel's account of a process (/proc/self/io) would not do: it counts neither the journal nor single pages, where
these belong to a large folio.
"""

import os
from pathlib import Path

SECTOR = 512  # bytes, whatever the device has: Documentation/block/stat.rst
WRITTEN = 6  # place of the sectors written


class Card:
    """The block device that a folder lies on."""

    def __init__(self, folder: Path) -> None:
        """Counts from now on. A folder that is not there, or on no block device, has no count."""
        self._stat: Path | None = None
        try:
            device = folder.stat().st_dev
        except OSError:
            return
        self._stat = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/stat")
        self._before = self._total() or 0

    @property
    def written(self) -> int | None:
        """Bytes written to it since this was made, by whomever; None where the kernel does not tell."""
        total = self._total()
        return None if total is None else total - self._before

    def _total(self) -> int | None:
        try:
            return int(self._stat.read_text().split()[WRITTEN]) * SECTOR if self._stat else None
        except (OSError, ValueError, IndexError):
            return None
