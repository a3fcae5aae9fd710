"""A child process that does not outlive the demo."""

import subprocess
import sys
from pathlib import Path

PATIENCE = 20.0  # seconds a child may take to end

LAST = 2000  # characters of a log that are shown


class Child:
    """``python -m MODULE WORDS``, with its talk in a file; Ctrl-C does not reach it."""

    def __init__(self, module: str, *words: str | Path, talk: Path) -> None:
        self._talk = talk
        with talk.open("ab") as file:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-m", module, *map(str, words)],
                stdin=subprocess.PIPE, stdout=file, stderr=file, start_new_session=True,
            )  # fmt: skip

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def talk(self, size: int = LAST) -> str:
        """The end of what it said."""
        return tail(self._talk, size)

    def kill(self) -> None:
        """SIGKILL: no time for a last word."""
        self._process.kill()
        self._ended()

    def stop(self) -> None:
        """SIGTERM, and SIGKILL where that does not help."""
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._ended()

    def _ended(self) -> None:
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()


def tail(path: Path, size: int = LAST) -> str:
    """The end of a log; nothing where there is none."""
    return path.read_text(encoding="utf-8", errors="replace")[-size:].strip() if path.exists() else ""
