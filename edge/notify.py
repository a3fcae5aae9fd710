"""Tells systemd how the service is: sd_notify(3), in ten lines."""

import os
import socket
from contextlib import suppress


def notify(**fields: str | int) -> None:
    """Sends e.g. ``READY=1``, ``WATCHDOG=1``, ``STATUS=...``; does nothing where no one listens (any more)."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    message = "\n".join(f"{name}={value}" for name, value in fields.items())
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        sock.sendto(message.encode(), "\0" + address[1:] if address.startswith("@") else address)
