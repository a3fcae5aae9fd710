"""Gives the time of a receiver to chrony, as samples of its reference clock SOCK (chrony.conf(5), refclock_sock.c)."""

import logging
import socket
import struct

from edge.clock import Moment

log = logging.getLogger("edge.chrony")

# struct sock_sample: timeval of the sample, offset in s, pulse, leap, padding, magic; longs as the machine has them
SAMPLE = struct.Struct("@lldiiii")
MAGIC = 0x534F434B  # "SOCK"


class ChronySock:
    """The socket on which chrony listens; it makes it, and we only send."""

    def __init__(self, path: str) -> None:
        """Nothing is opened that chrony would have to be there for."""
        self._path, self._down = path, False
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def feed(self, now: Moment, utc: int) -> None:
        """``utc`` is what the wall clock of the moment ``now`` should have said, in ns since 1970.

        A sample that chrony does not take is dropped: the next one comes in a second.
        """
        seconds, rest = divmod(now.utc // 1000, 1_000_000)
        sample = SAMPLE.pack(seconds, rest, (utc - now.utc // 1000 * 1000) / 1e9, 0, 0, 0, MAGIC)
        try:
            self._socket.sendto(sample, self._path)
        except OSError as error:
            if not self._down:
                log.warning("%s takes no samples: %s; see: chronyc sources", self._path, error)
            self._down = True
            return
        if self._down:
            log.warning("%s takes samples again", self._path)
        self._down = False
