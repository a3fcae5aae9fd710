"""A broker that behaves as badly as it is told to; MQTT by hand over sockets, a thread a connection.

``mode`` may change at any time and counts from the next packet on. ``kept`` are the seqs that it took, which is what
a true broker would pass on.
"""

import contextlib
import json
import random
import socket
import ssl
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from typing import Any

CONNECT, PUBLISH, SUBSCRIBE, PING, DISCONNECT = 1, 3, 8, 12, 14
HTTP = b"HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\nContent-Length: 0\r\n\r\n"
PAGE = b"<!DOCTYPE html><html><body>Please log in</body></html>"
ALIASES = b"\x22\x00\x04"  # Topic Alias Maximum 4


def length(size: int) -> bytes:
    """A variable byte integer (MQTT 5, 1.5.5)."""
    out = bytearray()
    while True:
        size, low = divmod(size, 128)
        out.append(low | (128 if size else 0))
        if not size:
            return bytes(out)


def packet(head: int, body: bytes) -> bytes:
    return bytes([head]) + length(len(body)) + body


class Visit:
    """One connection."""

    def __init__(self, broker: "Hostile", sock: Any) -> None:
        self.broker, self.sock = broker, sock
        self.five = True
        self.held: list[bytes] = []  # ids whose acknowledgement waits
        self.topics: dict[int, str] = {}

    def run(self) -> None:
        with contextlib.suppress(OSError, EOFError, struct.error, ValueError, IndexError):
            if self.broker.mode in ("http", "page"):
                self.sock.recv(1)
                self.sock.sendall(HTTP if self.broker.mode == "http" else PAGE)
            while True:
                head, body = self._packet()
                self._take(head, body)
        with contextlib.suppress(OSError):
            self.sock.close()

    def _packet(self) -> tuple[int, bytes]:
        head = self._exactly(1)[0]
        size = shift = 0
        while True:
            byte = self._exactly(1)[0]
            size |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return head, self._exactly(size)

    def _exactly(self, size: int) -> bytes:
        got = b""
        while len(got) < size:
            if slow := self.broker.mode == "reads-slowly":
                self.broker.end.wait(0.05)
            more = self.sock.recv(min(size - len(got), 8192) if slow else size - len(got))
            if not more:
                raise EOFError
            got += more
        return got

    def _take(self, head: int, body: bytes) -> None:
        kind, mode = head >> 4, self.broker.mode
        if mode == "silent":
            return
        if kind == CONNECT:
            self.five = body[6] == 5
            self.broker.hellos.append(body)
            self.broker.versions.append(body[6])
            self._answer(mode)
        elif kind == PUBLISH:
            self._publish(head, body, mode)
        elif kind == SUBSCRIBE:
            self.send(packet(0x90, body[:2] + (b"\0" if self.five else b"") + b"\x01"))
        elif kind == PING:
            self.broker.pings += 1
            self.send(b"\xd0\x00")
        elif kind == DISCONNECT:
            raise EOFError

    def _answer(self, mode: str) -> None:
        name, _, number = mode.partition(" ")
        if name == "only3" and self.five:
            return self.send(packet(0x20, b"\0\x01"))
        if name == "hangs-up-on-5" and self.five:
            raise EOFError
        if name == "connack":
            return self._refuse(int(number, 16))
        if name == "wrong-version":  # an answer of 3.1.1 to a CONNECT of 5 and the other way round
            return self.send(b"\x20\x02\x00\x00" if self.five else b"\x20\x03\x00\x00\x00")
        said = self.broker.properties if self.five else b""
        self.send(packet(0x20, b"\0\0" + (length(len(said)) + said if self.five else b"")))
        ATTACKS.get(name, lambda visit: None)(self)
        if name == "disconnect":
            self.send(packet(0xE0, bytes([int(number, 16)])))
        return None

    def _refuse(self, code: int) -> None:
        old = {0x84: 1, 0x85: 2, 0x88: 3, 0x86: 4, 0x87: 5}
        self.send(packet(0x20, bytes([0, code, 0]) if self.five else bytes([0, old.get(code, code)])))

    def _publish(self, head: int, body: bytes, mode: str) -> None:
        end = 2 + struct.unpack(">H", body[:2])[0]
        topic, mid, rest = body[2:end].decode(), body[end : end + 2], body[end + 2 :]
        self.broker.sizes.append(len(body))
        if self.five:
            topic, rest = self._plain(topic, rest)
        channel = topic.rpartition("/")[2]
        self.broker.heard.append(channel)
        self.broker.payloads.append(rest)
        seqs = list(seqs_of(rest)) if channel in ("readings", "alarms") else []
        self.broker.offered.extend(seqs)
        taken = ACKS.get(mode.partition(" ")[0], acknowledge)(self, mid, mode, channel)
        if taken:
            self.broker.keep(seqs)

    def _plain(self, topic: str, rest: bytes) -> tuple[str, bytes]:
        """Topic and payload of a PUBLISH of MQTT 5; a length of properties below 16 kB."""
        size, at = (rest[0], 1) if rest[0] < 128 else ((rest[0] & 127) | rest[1] << 7, 2)
        properties, payload = rest[at : at + size], rest[at + size :]
        self.broker.properties_seen.append(properties)
        while properties:
            if properties[0] == 0x23:
                alias = struct.unpack(">H", properties[1:3])[0]
                topic = topic or self.topics[alias]
                self.topics[alias] = topic
                properties = properties[3:]
            else:  # a user property: two strings
                first = 3 + struct.unpack(">H", properties[1:3])[0]
                properties = properties[first + 2 + struct.unpack(">H", properties[first : first + 2])[0] :]
        return topic, payload

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)


def seqs_of(payload: bytes) -> Iterator[int]:
    pack = json.loads(payload if payload.startswith(b"[") else zlib.decompress(payload))
    seq = pack[0]["bsq"] - 1
    for record in pack:
        seq = record.get("sq", seq + 1)
        yield seq


def acknowledge(visit: Visit, mid: bytes, mode: str = "", channel: str = "") -> bool:
    visit.send(packet(0x40, mid))
    return True


def never(visit: Visit, mid: bytes, mode: str, channel: str) -> bool:
    visit.held.append(mid)
    return False


def out_of_order(visit: Visit, mid: bytes, mode: str, channel: str) -> bool:
    """The latest first, in pairs; nothing is left waiting where the sender waits, too."""
    visit.held.append(mid)
    if len(visit.held) >= 2 or channel not in ("readings", "alarms"):
        for held in reversed(visit.held):
            acknowledge(visit, held)
        visit.held.clear()
    return True


def twice(visit: Visit, mid: bytes, mode: str, channel: str) -> bool:
    return acknowledge(visit, mid) and acknowledge(visit, mid)


def unknown(visit: Visit, mid: bytes, mode: str, channel: str) -> bool:
    for wrong in (b"\xff\xfe", b"\0\0", mid):
        acknowledge(visit, wrong)
    return True


def hang_up(visit: Visit, mid: bytes, mode: str, channel: str) -> bool:
    raise EOFError


def slowly(visit: Visit, mid: bytes, mode: str, channel: str) -> bool:
    visit.broker.end.wait(0.02 if visit.broker.hasty else 0.2)
    return acknowledge(visit, mid)


def with_code(visit: Visit, mid: bytes, mode: str, channel: str) -> bool:
    """``puback 97``: only readings are refused, as by an access list."""
    code = int(mode.partition(" ")[2], 16)
    if channel != "readings" or not visit.five:
        return acknowledge(visit, mid)
    visit.send(packet(0x40, mid + bytes([code])))
    return code < 0x80


def too_large(visit: Visit, mid: bytes, mode: str, channel: str) -> bool:
    """``limit 1500``: a DISCONNECT with 0x95 for a longer message; the limit was never announced."""
    if visit.broker.sizes[-1] > int(mode.partition(" ")[2]):
        visit.send(packet(0xE0, b"\x95"))
        raise EOFError
    return acknowledge(visit, mid)


def taken_over(visit: Visit, mid: bytes, mode: str, channel: str) -> bool:
    visit.send(packet(0x40, mid) + (packet(0xE0, b"\x8e") if visit.five else b""))
    raise EOFError


ACKS: dict[str, Callable[[Visit, bytes, str, str], bool]] = {
    "never-acks": never, "out-of-order": out_of_order, "doubles": twice, "unknown-ids": unknown,
    "hangs-up": hang_up, "slow": slowly, "puback": with_code, "limit": too_large, "taken-over": taken_over,
}  # fmt: skip


def huge(visit: Visit) -> None:
    visit.send(b"\x30" + length(268_435_455) + b"\0\x01a")
    for _ in range(4096):
        visit.send(bytes(65_536))


def just_too_large(visit: Visit) -> None:
    visit.send(packet(0x30, b"\0\x01a" + bytes(65_540)))


def garbage(visit: Visit) -> None:
    visit.send(random.Random(visit.broker.seed).randbytes(4000))


def endless_length(visit: Visit) -> None:
    visit.send(b"\x30\xff\xff\xff\xff\xff\x01")


def loris(visit: Visit) -> None:
    for byte in packet(0x30, bytes(60)):
        visit.send(bytes([byte]))
        visit.broker.end.wait(0.05 if visit.broker.hasty else 2)


def flood(visit: Visit) -> None:
    """QoS 2 that nobody asked for: a client would have to keep each until it is released."""
    for number in range(1, 2000):
        visit.send(packet(0x34, b"\0\x01a" + struct.pack(">H", number) + bytes(30_000)))


ATTACKS: dict[str, Callable[[Visit], None]] = {
    "huge": huge, "just-too-large": just_too_large, "garbage": garbage, "endless-length": endless_length,
    "loris": loris, "flood": flood,
}  # fmt: skip


class Hostile:
    """The broker; a context manager."""

    def __init__(
        self, mode: str = "good", context: ssl.SSLContext | None = None, *, hasty: bool = False, port: int = 0,
        address: str = "127.0.0.1",
    ) -> None:  # fmt: skip
        """``hasty`` shortens what it drags out, for tests that cannot wait; without ``port`` a free one is taken."""
        self.mode, self.hasty, self.seed = mode, hasty, 1
        self.properties = ALIASES
        self.end = threading.Event()
        self.connects: list[float] = []
        self.versions: list[int] = []
        self.hellos: list[bytes] = []  # what the CONNECTs said
        self.heard: list[str] = []  # channels
        self.sizes: list[int] = []
        self.payloads: list[bytes] = []
        self.properties_seen: list[bytes] = []
        self.kept: list[int] = []
        self.offered: list[int] = []  # seqs that came, taken or not
        self.pings = 0
        self._context = context
        self._listener = socket.create_server((address, port))
        if mode == "reads-slowly":
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
        self.port: int = self._listener.getsockname()[1]
        self._visits: list[Visit] = []
        threading.Thread(target=self._run, daemon=True).start()

    def __enter__(self) -> "Hostile":
        return self

    def __exit__(self, *error: object) -> None:
        self.end.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()

    def hang_up(self) -> None:
        """On everybody who is there."""
        for visit in self._visits:
            with contextlib.suppress(OSError):
                visit.sock.shutdown(socket.SHUT_RDWR)
        self._visits.clear()

    def keep(self, seqs: list[int]) -> None:
        self.kept.extend(seqs)

    def send(self, data: bytes) -> None:
        """To everybody who is there."""
        for visit in self._visits:
            with contextlib.suppress(OSError):
                visit.send(data)

    def _run(self) -> None:
        while not self.end.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connects.append(time.monotonic())
            threading.Thread(target=self._receive, args=(sock,), daemon=True).start()

    def _receive(self, sock: Any) -> None:
        if self._context is not None:
            sock = self._context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
            try:
                sock.do_handshake()
            except OSError:
                linger(sock)
                return
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        visit = Visit(self, sock)
        self._visits.append(visit)
        visit.run()


def linger(sock: Any) -> None:
    """Closes so that what was said last, an alert, is not overtaken by a reset."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_WR)
        sock.settimeout(2)
        while socket.socket.recv(sock, 4096):
            pass
    sock.close()
