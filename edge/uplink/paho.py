"""paho-mqtt, imported the slim way.

paho imports urllib.request only to find a proxy for web sockets, which a node never uses. That alone would cost it
28 modules (http, email, bz2, lzma ...) and 2 MB, so a stand-in without proxies takes its place while paho is imported.
"""

import sys
from types import ModuleType

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

__all__ = ["CallbackAPIVersion", "PacketTypes", "Properties", "mqtt"]
