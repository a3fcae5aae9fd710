"""Where third-party captures are: other people's data, read in place and never part of the repository."""

import os
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("EDGE_CAPTURES", Path(__file__).parents[2] / "shared" / "captures"))


def require() -> None:
    """Skips the whole module where they are absent."""
    if not FOLDER.is_dir():
        pytest.skip(f"no captures at {FOLDER}: set EDGE_CAPTURES", allow_module_level=True)
