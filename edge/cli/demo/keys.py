"""Single keys from a terminal, without Enter and without waiting longer than asked."""

import os
import select
import sys
import termios
import tty
from threading import Event
from typing import Any


class Keys:
    """Use it in a ``with``: the terminal is as before afterwards."""

    def __enter__(self) -> "Keys":
        self._fd = sys.stdin.fileno() if sys.stdin is not None and sys.stdin.isatty() else -1
        self._before: list[Any] = []
        if self._fd >= 0:
            self._before = termios.tcgetattr(self._fd)
            tty.setcbreak(self._fd)
        return self

    def __exit__(self, *error: object) -> None:
        if self._fd >= 0:
            termios.tcsetattr(self._fd, termios.TCSADRAIN, self._before)

    def read(self, seconds: float) -> str:
        """The next key; nothing when none is pressed for so long."""
        if self._fd < 0:
            Event().wait(seconds)
            return ""
        if not select.select([self._fd], [], [], seconds)[0]:
            return ""
        return os.read(self._fd, 1).decode("ascii", "replace").lower()
