"""What can go wrong in the gateway, sorted by what the caller does about it."""

import os
from pathlib import Path


class EdgeError(Exception):
    """Anything the gateway raises itself."""


class StorageError(EdgeError):
    """The card does not take or give data: keep what there is in memory and try again."""

    def __init__(self, path: Path, cause: OSError) -> None:
        super().__init__(f"{path}: {os.strerror(cause.errno) if cause.errno else cause}")


class AlreadyRunning(EdgeError):
    """Another node process holds this state folder."""


class UplinkDown(EdgeError):
    """The destination cannot be reached now: keep everything and try again later."""


class Refused(EdgeError):
    """The destination will never take this message: split it, or park it and go on."""
