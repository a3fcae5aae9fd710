"""An uplink over a link that can be cut."""

from collections.abc import Callable
from threading import Event

from edge.clock import Clock
from edge.errors import UplinkDown
from edge.settings import UplinkSettings
from edge.uplink import Ack
from edge.uplink.mqtt import MqttUplink

CUT = UplinkDown("the simulated link is cut", "timeout", "wait for its end")


class Link(MqttUplink):
    """A broker behind a link: sessions end, and new ones fail, while ``cut`` is set."""

    def __init__(
        self,
        settings: UplinkSettings,
        node: str,
        status: Callable[[bool], bytes],
        clock: Clock,
        cut: Event,
        on_connect: Callable[[], None],
    ) -> None:
        super().__init__(settings, node, status, clock)
        self._cut, self._on_connect = cut, on_connect

    def connect(self) -> None:
        """Connects, unless the link is cut. Raises ``UplinkDown``."""
        if self._cut.is_set():
            raise CUT
        super().connect()
        self._on_connect()

    def poll(self, seconds: float) -> list[Ack]:
        """Drives the connection, which is gone without a word when the link is cut. Raises ``UplinkDown``."""
        if self._cut.is_set():
            self._drop()
            raise CUT
        return super().poll(seconds)
