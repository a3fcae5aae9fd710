"""What connections cost on the wire, asked of the kernel: TLS, repeats and bare acknowledgements are all in it."""

import socket
import struct
from contextlib import suppress

ROOM = 256  # bytes that are asked for of struct tcp_info (linux/tcp.h)
BYTES_ACKED, BYTES_RECEIVED, SEGS_OUT, SEGS_IN, BYTES_SENT = 120, 128, 136, 140, 200  # where they stand in it
TCP, IPV4, IPV6 = 32, 20, 40  # bytes of the headers of a segment; TCP's with a time stamp


class Meter:
    """Counts one connection after the other."""

    def __init__(self) -> None:
        self._sock: socket.socket | None = None
        self._seen = 0  # bytes of the connection that were told already
        self._untold = 0  # bytes of connections that have ended

    def begin(self, sock: socket.socket) -> None:
        """A new connection. It is held by a duplicate: TLS takes the socket over, and closes it where it fails."""
        self.end()
        self._sock = sock.dup()

    def end(self) -> None:
        """The connection is closed: this lets go of it."""
        if self._sock is not None:
            self._untold += self._fresh()
            self._sock.close()
        self._sock, self._seen = None, 0

    def take(self) -> int:
        """Bytes in both directions since this was asked last."""
        told, self._untold = self._untold + self._fresh(), 0
        return told

    def _fresh(self) -> int:
        if self._sock is None:
            return 0
        before, self._seen = self._seen, _wire(self._sock, self._seen)
        return self._seen - before


def _wire(sock: socket.socket, known: int) -> int:
    """Bytes of a connection so far; ``known`` when the kernel does not say."""
    with suppress(OSError):
        told = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, ROOM).ljust(ROOM, b"\0")
        acked, received = struct.unpack_from("=QQ", told, BYTES_ACKED)
        segments = sum(struct.unpack_from("=II", told, SEGS_OUT))
        (sent,) = struct.unpack_from("=Q", told, BYTES_SENT)  # since Linux 4.19
        headers = TCP + (IPV6 if sock.family == socket.AF_INET6 else IPV4)
        return int(max(sent, acked) + received + segments * headers)
    return known
