"""The control socket: a question in JSON on one line, an answer in JSON on one line."""

import json
import logging
import os
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

log = logging.getLogger("edge.control")

QUESTION = 16_384  # bytes at most
TIMEOUT = 5.0
RUN = Path("/run/edge")
STATE = Path("/var/lib/edge")


def socket_path(state: Path) -> Path:
    """Where the node with this state listens: /run/edge on a node, inside the state folder elsewhere."""
    return (RUN if state == STATE else state / "run") / "control.sock"


class Control:
    """Answers questions about the node; reachable by its user and root only."""

    def __init__(self, path: Path, answers: Mapping[str, Callable[..., Any]]) -> None:
        """``answers`` maps the word in ``ask`` to what gives the answer; the other keys are its arguments."""
        self._path, self._answers = path, dict(answers)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self._thread = Thread(target=self._run, name="control", daemon=True)

    def add(self, word: str, answer: Callable[..., Any]) -> None:
        """One more word that can be asked."""
        self._answers[word] = answer

    def start(self) -> None:
        """Begins to listen; a node that cannot be asked is still a node."""
        fresh = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
            fresh.unlink(missing_ok=True)
            with _short(fresh) as name:
                self._socket.bind(name)
            fresh.chmod(0o660)
            self._socket.listen(4)
            fresh.replace(self._path)  # there is no moment at which it is there and refuses
        except OSError as error:
            log.warning("the control socket %s cannot be opened: %s", self._path, error)
            return
        self._thread.start()

    def stop(self) -> None:
        """Listens no more; a card that is read-only by now keeps the name, and the next node takes it over."""
        self._socket.close()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return  # stop() has closed it
            with connection, suppress(OSError):
                connection.settimeout(TIMEOUT)
                connection.sendall(self._answer(connection.recv(QUESTION)) + b"\n")

    def _answer(self, question: bytes) -> bytes:
        try:
            asked = json.loads(question)
            answer = self._answers[asked.pop("ask")](**asked)
        except ValueError as error:  # a sentence for whoever asked
            answer = {"error": str(error)}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        return json.dumps(answer).encode()


def ask(state: Path, word: str, **more: Any) -> Any:
    """The running node's answer. Raises ``OSError`` when none is running."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as sock:
        sock.settimeout(TIMEOUT)
        with _short(socket_path(state)) as name:
            sock.connect(name)
        sock.sendall(json.dumps({"ask": word, **more}).encode())
        return json.loads(b"".join(iter(lambda: sock.recv(65536), b"")))


class _short:  # noqa: N801 - used like a function
    """A name short enough for a socket (108 bytes), by way of an open folder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = -1

    def __enter__(self) -> str:
        self._fd = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        return f"/proc/self/fd/{self._fd}/{self._path.name}"

    def __exit__(self, *error: object) -> None:
        os.close(self._fd)
