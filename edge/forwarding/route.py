"""The way from the outbox to one destination."""

from dataclasses import dataclass, field

from edge.outbox.cursor import Cursor
from edge.outbox.picker import Picker
from edge.outbox.unstored import Unstored
from edge.payload import Payload
from edge.settings.model import UplinkSettings
from edge.uplink import Uplink


@dataclass(frozen=True, slots=True)
class Route:
    """What leads to one destination."""

    settings: UplinkSettings
    uplink: Uplink
    payload: Payload
    cursor: Cursor
    picker: Picker
    unstored: Unstored = field(default_factory=Unstored)
