"""The link between node and broker, with scissors: while it is cut, connections are dropped and refused."""

import socket
from contextlib import suppress
from threading import Lock, Thread


class Link:
    """Passes TCP connections on ``port`` of this computer to ``target``."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target, self._lock = target, Lock()
        self._open: set[socket.socket] = set()
        self._server = _bound(0)
        self.port = int(self._server.getsockname()[1])
        self.up = False
        self.cuts = 0
        self.restore()

    def cut(self) -> None:
        """Drops every connection and refuses new ones."""
        if self.up:
            self.up = False
            self.cuts += 1
            self._drop()
            self._server = _bound(self.port)  # bound and not listening: the kernel refuses

    def restore(self) -> None:
        """Takes connections again."""
        if not self.up:
            self.up = True
            self._server.listen()
            Thread(target=self._accept, args=(self._server,), name="link", daemon=True).start()

    def close(self) -> None:
        """Ends it."""
        self.up = False
        self._drop()

    def _drop(self) -> None:
        with self._lock:
            for sock in (self._server, *self._open):
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)  # close alone would not wake who waits on it
            self._server.close()

    def _accept(self, server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = server.accept()
                Thread(target=self._serve, args=(near, server), name="link", daemon=True).start()

    def _serve(self, near: socket.socket, server: socket.socket) -> None:
        with near, suppress(OSError), socket.create_connection(self._target, 10.0) as far:
            far.settimeout(None)
            both = {near, far}
            with self._lock:
                if server.fileno() < 0:
                    return  # cut meanwhile
                self._open |= both
            back = Thread(target=_pump, args=(far, near), name="link back", daemon=True)
            back.start()
            _pump(near, far)
            back.join()
            with self._lock:
                self._open -= both


def _bound(port: int) -> socket.socket:
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", port))
    return server


def _pump(source: socket.socket, sink: socket.socket) -> None:
    """Passes bytes on until one side ends; then both do."""
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for sock in (source, sink):
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
