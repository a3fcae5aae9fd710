"""What a broker takes, as it says itself in its CONNACK (MQTT 5, 3.2.2.3)."""

from typing import Any, NamedTuple


class Terms(NamedTuple):
    """The limits of a session; MQTT 3.1.1 has none."""

    packet: int | None = None  # bytes of a packet
    receive: int = 65_535  # messages that may be under way
    aliases: int = 0  # topics that may be sent as a number
    qos: int = 2
    retain: bool = True
    keepalive: int | None = None  # seconds


def terms(properties: Any) -> Terms:
    """From the properties of a CONNACK, or None."""
    return Terms(
        packet=getattr(properties, "MaximumPacketSize", None),
        receive=getattr(properties, "ReceiveMaximum", Terms().receive),
        aliases=getattr(properties, "TopicAliasMaximum", 0),
        qos=getattr(properties, "MaximumQoS", Terms().qos),
        retain=bool(getattr(properties, "RetainAvailable", 1)),
        keepalive=getattr(properties, "ServerKeepAlive", None),
    )


class Aliases:
    """Numbers that stand for topics within one connection (MQTT 5, 3.3.2.3.4): 1 up to what the broker takes."""

    def __init__(self, most: int) -> None:
        self._most, self._numbers = most, dict[str, int]()

    def of(self, topic: str) -> tuple[str, int | None]:
        """The topic and the alias to send: the topic is empty once the broker has heard the alias with it."""
        if topic in self._numbers:
            return "", self._numbers[topic]
        if len(self._numbers) >= self._most:
            return topic, None
        self._numbers[topic] = len(self._numbers) + 1
        return topic, self._numbers[topic]
