"""Where the configuration of a node comes from: its own files, or what the centre put in their place.

What the centre put stands in for exactly the files it was made for: whoever changes them at the node has the last word.
"""

import logging
from pathlib import Path

from edge.durable import replace_file
from edge.errors import StorageError
from edge.settings import Settings, SettingsError, load

log = logging.getLogger("edge.origin")


class Origin:
    """The files at ``config`` and, in the folder of the state, what may stand in for them."""

    def __init__(self, config: Path, state: Path) -> None:
        """Touches nothing yet."""
        self._config, self._folder = config, state / "config"
        self._base = ""  # digest of the files themselves

    def load(self) -> Settings:
        """The configuration that counts. Raises ``SettingsError`` for files that are wrong."""
        own = load(self._config)
        self._base = own.digest
        stand_in = self._stand_in(own.digest)
        if not stand_in.exists():
            return own
        try:
            return load(stand_in)
        except SettingsError as error:
            log.error("%s cannot be used any more, %s counts again: %s", stand_in, self._config, error)
            return own

    def stage(self, text: str) -> Settings:
        """Keeps a configuration beside the others and checks it.

        Raises ``SettingsError``, or ``StorageError`` when it cannot be kept.
        """
        self._write(self._staged, text.encode())
        return load(self._staged)

    def staged(self) -> Settings:
        """What was staged last. Raises ``SettingsError``."""
        return load(self._staged)

    def keep(self) -> None:
        """What was staged stands in for the files from now on. Raises ``StorageError``."""
        for old in self._folder.glob("applied-*.toml"):
            if old != self._stand_in(self._base):
                old.unlink()
        self._write(self._stand_in(self._base), self._staged.read_bytes())

    @property
    def _staged(self) -> Path:
        return self._folder / "staged.toml"

    def _stand_in(self, digest: str) -> Path:
        return self._folder / f"applied-{digest}.toml"

    def _write(self, path: Path, content: bytes) -> None:
        """Replaces a file durably: old or new, never neither."""
        try:
            self._folder.mkdir(exist_ok=True, mode=0o750)
            replace_file(path, content)
        except OSError as error:
            raise StorageError(path, error) from error
