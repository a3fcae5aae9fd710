"""A connection that lets only bounded, well-formed packets through.

paho buffers whatever length a packet states, 256 MB too, and ignores its own limit. So the guard reads along: it sees
type and length of each packet before paho reserves anything for it, and turns every failure into ``UplinkDown``.
"""

import errno
import fcntl
import ssl
import struct
import time
from typing import Any

from edge.uplink import tls
from edge.uplink.states import Broker

LARGEST = 65_536  # bytes of an inbound packet, its fixed header included
CONNACK, PUBLISH = 2, 3
INBOUND = {CONNACK: "CONNACK", PUBLISH: "PUBLISH", 4: "PUBACK", 9: "SUBACK", 13: "PINGRESP", 14: "DISCONNECT"}
SIOCOUTQ = 0x5411  # linux/sockios.h
EXACTLY = {13: 0}  # remaining length
NO_WAY = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN}


class Guard:
    """A socket for paho: reads at most to the end of the packet that it has begun."""

    def __init__(self, sock: Any, broker: Broker) -> None:
        """``sock`` is a connected socket, TLS or not."""
        self._sock, self._broker = sock, broker
        self._head = bytearray()  # the fixed header, as far as it has come
        self._left = 0  # bytes of the packet that are still to come
        self._first = True  # no packet was complete so far
        self._begun: float | None = None  # when the packet under way began

    def recv(self, size: int) -> bytes:
        """At most ``size`` bytes. Raises ``UplinkDown`` when the connection or what comes on it is no good."""
        try:
            got: bytes = self._sock.recv(min(size, self._left or 1))
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except OSError as error:
            raise self._broker.down(*_fate(error)) from error
        if not got:
            raise self._broker.down("closed", "closed the connection")
        if self._left:
            self._left -= len(got)
        else:
            self._see(got[0])
        if not self._left and _complete(self._head):
            self._head.clear()
            self._first, self._begun = False, None
        return got

    def send(self, data: bytes) -> int:
        """The number of bytes that went. Raises ``UplinkDown``."""
        try:
            return int(self._sock.send(data))
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except OSError as error:
            raise self._broker.down(*_fate(error)) from error

    def age(self) -> float:
        """Seconds since the packet that is under way began, 0 between packets."""
        return 0.0 if self._begun is None else time.monotonic() - self._begun

    def unsent(self) -> int:
        """Bytes that the other machine has not yet acknowledged to TCP; a slow link has many for long."""
        return int(struct.unpack("i", fcntl.ioctl(self.fileno(), SIOCOUTQ, bytes(4)))[0])

    def pending(self) -> int:
        """Bytes that are decrypted already, so that no ``select`` will tell of them."""
        return self._sock.pending() if isinstance(self._sock, ssl.SSLSocket) else 0

    def fileno(self) -> int:
        """For ``select``."""
        return int(self._sock.fileno())

    def setblocking(self, flag: bool) -> None:
        """As of a socket."""
        self._sock.setblocking(flag)

    def close(self) -> None:
        """As of a socket."""
        self._sock.close()

    def _see(self, byte: int) -> None:
        self._head.append(byte)
        if len(self._head) == 1:
            self._begun = time.monotonic()
            self._check_type(byte)
        elif _complete(self._head):
            self._left = _length(self._head)
            self._check_length()
        elif len(self._head) == 5:
            raise self._broker.down("protocol", "sent a packet length of more than four bytes")

    def _check_type(self, byte: int) -> None:
        kind, flags = byte >> 4, byte & 15
        well = kind in INBOUND and (not flags or (kind == PUBLISH and flags & 6 < 4))  # QoS 2 was never asked for
        if self._first and (not well or kind != CONNACK):
            raise self._stranger(byte)
        if not well or (kind == CONNACK and not self._first):
            raise self._broker.down("protocol", f"sent a packet that begins with the byte 0x{byte:02x}")

    def _check_length(self) -> None:
        kind, size = self._head[0] >> 4, len(self._head) + self._left
        if size > LARGEST:
            what = f"sent a {INBOUND[kind]} packet of {size} bytes, more than the {LARGEST} that the node takes"
            raise self._broker.down("protocol", what)
        if self._left != EXACTLY.get(kind, self._left):
            raise self._broker.down("protocol", f"sent a {INBOUND[kind]} packet of {size} bytes")

    def _stranger(self, byte: int) -> Exception:
        """Who answers in place of a broker."""
        try:
            start = bytes([byte]) + self._sock.recv(63)
        except OSError:
            start = bytes([byte])
        if tls.is_web(start):
            return self._broker.down("portal", f"answers with HTTP: {start[:48]!r}")
        return self._broker.down("not-mqtt", f"does not answer as an MQTT broker: {start[:16]!r}")


def _complete(head: bytearray) -> bool:
    """Whether a fixed header is (MQTT 5, 2.1.4: the last byte of the length has no top bit)."""
    return len(head) > 1 and head[-1] < 128


def _length(head: bytearray) -> int:
    return sum((byte & 127) << 7 * place for place, byte in enumerate(head[1:]))


def _fate(error: OSError) -> tuple[str, str]:
    if isinstance(error, ssl.SSLError):
        return tls.fate(error)
    if error.errno == errno.ETIMEDOUT:
        return "lost", "is connected but nothing comes through any more"
    return "no-route" if error.errno in NO_WAY else "closed", f"ended the connection: {error.strerror or error}"
