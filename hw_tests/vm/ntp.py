"""A time server on this machine for the node's chrony: NTP, RFC 5905, section 7.3."""

import socket
import struct
import time
from threading import Thread

SECONDS_1900 = 2_208_988_800  # from 1900 to 1970
PACKET = struct.Struct("!BBbb11I")  # leap, version and mode; stratum, poll, precision; two delays, id, four stamps
SERVER = 0o44  # version 4, mode 4
STRATUM, POLL, PRECISION = 1, 0, -20


class TimeServer(Thread):
    """Answers with this machine's clock, at ``port`` of UDP."""

    def __init__(self) -> None:
        super().__init__(name="ntp", daemon=True)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])

    def run(self) -> None:
        while True:
            question, whom = self._socket.recvfrom(512)
            now = _stamp()
            asked = PACKET.unpack_from(question)[-2:]
            head = (SERVER, STRATUM, POLL, PRECISION, 0, 0, int.from_bytes(b"TEST"))
            self._socket.sendto(PACKET.pack(*head, *now, *asked, *now, *_stamp()), whom)


def _stamp() -> tuple[int, int]:
    """Seconds and their fraction in 2^-32."""
    seconds, rest = divmod(time.time_ns(), 10**9)
    return seconds + SECONDS_1900, (rest << 32) // 10**9
