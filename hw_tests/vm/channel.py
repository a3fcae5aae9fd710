"""JSON on one line each way over a Unix socket, as both qemu's monitor and the agent in the guest speak it."""

import json
import socket
import time
from pathlib import Path
from typing import Any


class VmError(Exception):
    """The virtual node does not do what it should."""


def connected(path: Path, timeout: float = 10.0) -> socket.socket:
    """A socket of a qemu that may still be starting. Raises ``VmError``."""
    end = time.monotonic() + timeout
    while True:
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.connect(str(path))
        except OSError as error:
            sock.close()
            if time.monotonic() > end:
                raise VmError(f"{path.name}: {error}") from error
            time.sleep(0.05)
        else:
            return sock


class Channel:
    """One such connection; ``events`` are the names of what was told without being asked."""

    def __init__(self, path: Path) -> None:
        self.events: list[str] = []
        self._socket = connected(path)
        self._rest = b""

    def call(self, word: str, timeout: float = 10.0, **arguments: Any) -> Any:
        """Asks, gives the answer. Raises ``VmError`` when it is refused, ``TimeoutError`` when there is none."""
        self.send(word, **arguments)
        while True:
            got = self.line(timeout)
            if "error" in got:
                raise VmError(f"{word}: {got['error'].get('desc')}")
            if "return" in got:
                return got["return"]

    def send(self, word: str, prefix: bytes = b"", **arguments: Any) -> None:
        """Asks only; an underscore in a name of an argument stands for a hyphen."""
        named = {name.replace("_", "-"): value for name, value in arguments.items()}
        self._socket.sendall(prefix + json.dumps({"execute": word, "arguments": named}).encode() + b"\n")

    def until(self, event: str, timeout: float = 10.0) -> None:
        """Waits for an event. Raises ``TimeoutError``."""
        while event not in self.events:
            self.line(timeout)
        self.events.remove(event)

    def line(self, timeout: float) -> dict[str, Any]:
        """The next message of any kind. Raises ``TimeoutError`` or ``VmError``."""
        end = time.monotonic() + timeout
        while b"\n" not in self._rest:
            self._socket.settimeout(max(0.001, end - time.monotonic()))
            part = self._socket.recv(65536)
            if not part:
                raise VmError("qemu hung up")
            self._rest += part
        line, self._rest = self._rest.split(b"\n", 1)
        got: dict[str, Any] = json.loads(line.lstrip(b"\xff").strip() or b"{}")
        if "event" in got:
            self.events.append(got["event"])
        return got
