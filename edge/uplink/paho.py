"""paho-mqtt, imported the slim way.

paho imports urllib.request only to find a proxy for web sockets, which a node never uses. That alone would cost it
28 modules (http, email, bz2, lzma ...) and 2 MB, so a stand-in without proxies takes its place while paho is imported.
"""

import sys
from types import ModuleType
from typing import Any

REAL = sys.modules.get("urllib.request")


def _stand_in() -> ModuleType:
    module = ModuleType("urllib.request")
    module.getproxies = dict  # type: ignore[attr-defined]
    module.proxy_bypass = lambda host: True  # type: ignore[attr-defined]
    return module


if REAL is None:
    sys.modules["urllib.request"] = _stand_in()
try:
    from paho.mqtt import client as mqtt
    from paho.mqtt.enums import CallbackAPIVersion
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties
finally:
    if REAL is None:
        del sys.modules["urllib.request"]


class Client(mqtt.Client):
    """A paho client on a connection that is open already; it never connects by itself."""

    def __init__(self, sock: Any, client_id: str, protocol: Any) -> None:
        """``sock`` needs ``recv send fileno setblocking close``."""
        super().__init__(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=protocol, reconnect_on_failure=False
        )
        self._open_socket = sock

    def _create_socket(self) -> Any:
        """The only way to hand a connection to paho: its own way looks names up and connects without a deadline."""
        return self._open_socket

    def obey(self, *, window: int, keepalive: int) -> None:
        """Sets what only the broker's answer tells: messages under way, seconds; paho allows it only before."""
        self._max_inflight_messages, self._keepalive = window, keepalive


__all__ = ["CallbackAPIVersion", "Client", "PacketTypes", "Properties", "mqtt"]
