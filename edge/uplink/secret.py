"""Files that are the node's alone: passwords and private keys."""

import os
import stat
from pathlib import Path

from edge.settings.model import UplinkSettings
from edge.uplink.states import Broker

SERVICE = Path("/run/credentials/edge.service")  # where systemd keeps what it lends to the running service
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def password(settings: UplinkSettings, broker: Broker) -> str | None:
    """From the configured file or the systemd credential ``<uplink>-password``, without the line end; read each time.

    Raises ``UplinkDown`` when it cannot be read or others may read it.
    """
    path = settings.password_file
    if not path and (folder := os.environ.get("CREDENTIALS_DIRECTORY")):
        path = f"{folder}/{settings.name}-password"
    if not path:
        return None
    check(path, broker)
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise broker.down("secret", f"is not tried: the password in {path} cannot be read", _see(path)) from error


def check(path: str, broker: Broker) -> None:
    """Raises ``UplinkDown`` when others may read a secret; what systemd hands out as a credential is safe."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    try:
        mode = Path(path).stat().st_mode
    except OSError as error:
        why = f"is not tried: {path} cannot be read ({error.strerror})"
        raise broker.down("secret", why, _see(path)) from error
    if mode & OTHERS and not (folder and Path(path).is_relative_to(folder)):
        raise broker.down("secret", f"is not tried: other users may read {path}", f"chmod 600 {path}")


def _see(path: str) -> str:
    return f"it has to be there and belong to the node's user: ls -l {path}"
