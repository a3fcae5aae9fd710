"""From the name of a broker to a connected socket, also while the name service is ill.

The C library may look for a name for half a minute, and nobody can stop it; so a thread of its own asks, with a
deadline, and the address that led to the broker last is used where there is no answer or a wrong one.
"""

import errno
import logging
import select
import socket
import time
from collections.abc import Sequence
from threading import Thread

from edge.uplink.patience import Patience
from edge.uplink.places import Lookup, Place, Places
from edge.uplink.states import Broker

log = logging.getLogger("edge.uplink")


class Asking(Thread):
    """One question to the name service."""

    def __init__(self, lookup: Lookup, broker: Broker) -> None:
        super().__init__(name=f"name of {broker.uplink}", daemon=True)
        self._lookup, self._broker = lookup, broker
        self.found: Sequence[Place] = ()
        self.error: OSError | UnicodeError | None = None

    def run(self) -> None:
        """Asks."""
        try:
            self.found = self._lookup(self._broker.host, self._broker.port)
        except (OSError, UnicodeError) as error:  # a label of more than 63 letters is a UnicodeError
            self.error = error


class Address:
    """Where a broker is."""

    def __init__(self, broker: Broker, patience: Patience, places: Places) -> None:
        self._broker, self._patience, self._places = broker, patience, places
        self._asking: Asking | None = None  # at most one: where the name service hangs threads must not pile up
        self._good = places.good(broker.host, broker.port)  # led to the broker
        self._tried: Place | None = None
        self._doubt = False  # the last connection did not lead to the broker

    def connect(self) -> socket.socket:
        """A connected socket. Raises ``UplinkDown``."""
        places = self._chosen()
        self._doubt = True
        sock, self._tried = first_of(places, self._patience, self._broker)
        return sock

    def proven(self) -> None:
        """The connection did lead to the broker."""
        self._good, self._doubt = self._tried, False
        if self._good is not None:
            self._places.keep(self._broker.host, self._broker.port, self._good)

    def _chosen(self) -> list[Place]:
        found = self._found()
        if self._good is None:
            return found
        rest = [place for place in found if place != self._good]
        return [self._good, *rest] if self._doubt or not found else [*found, self._good]

    def _found(self) -> list[Place]:
        if self._asking is None:
            self._asking = Asking(self._places.lookup, self._broker)
            self._asking.start()
        self._asking.join(self._patience.lookup)
        if self._asking.is_alive():
            return self._without(f"has no address: no answer from the name service in {self._patience.lookup:.0f} s")
        asked, self._asking = self._asking, None
        return list(asked.found) or self._without(f"has no address: {_said(asked.error)}")

    def _without(self, why: str) -> list[Place]:
        if self._good is None:
            raise self._broker.down("dns", why)
        log.warning("%s:%d %s; its last address is used", self._broker.host, self._broker.port, why)
        return []


def _said(error: Exception | None) -> str:
    return str(getattr(error, "strerror", None) or error or "the name service knows none")


def first_of(places: Sequence[Place], patience: Patience, broker: Broker) -> tuple[socket.socket, Place]:
    """The first that connects, each given a head start before the next one. Raises ``UplinkDown``."""
    end = time.monotonic() + patience.tcp
    waiting, begun, errors = list(places), dict[socket.socket, Place](), list[int]()
    try:
        while waiting or begun:
            if waiting:
                _begin(waiting.pop(0), begun, errors)
            left = end - time.monotonic()
            if left <= 0:
                errors.append(errno.ETIMEDOUT)
                break
            _, ready, _ = select.select([], list(begun), [], min(left, patience.stagger) if waiting else left)
            for sock in ready:
                place = begun.pop(sock)
                if not (error := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)):
                    return sock, place
                errors.append(error)
                sock.close()
    finally:
        for sock in begun:
            sock.close()
    raise broker.down(*_worst(errors))


def _begin(place: Place, begun: dict[socket.socket, Place], errors: list[int]) -> None:
    sock = None
    try:
        sock = socket.socket(place.family, socket.SOCK_STREAM)
        sock.setblocking(False)
        error = sock.connect_ex(place.address)
    except OSError as failed:  # a family that this machine does not have
        error = failed.errno or errno.EIO
    if sock is not None and error in (0, errno.EINPROGRESS):
        begun[sock] = place
        return
    errors.append(error)
    if sock is not None:
        sock.close()


def _worst(errors: Sequence[int]) -> tuple[str, str]:
    """What tells most of several failures: who refuses was reached."""
    if errno.ECONNREFUSED in errors:
        return "tcp-refused", "refuses the connection: nothing listens there"
    if errno.ETIMEDOUT in errors:
        return "timeout", "does not answer"
    return "no-route", f"cannot be reached: {errno.errorcode.get(errors[-1], errors[-1])}"
