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
    """The destination cannot be reached now: keep everything and try again later.

    ``state`` is the stable word for what is wrong, ``remedy`` what a person does about it, ``pause`` the seconds that
    the next try waits at least.
    """

    def __init__(self, why: str, state: str = "closed", remedy: str = "", pause: float = 0.0) -> None:
        super().__init__(why)
        self.state, self.remedy, self.pause = state, remedy, pause


class Refused(EdgeError):
    """The destination will never take this message: split it, or park it and go on."""
