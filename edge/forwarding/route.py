"""The way from the outbox to one destination."""

from dataclasses import dataclass, field

from edge.budget import Budget
from edge.forwarding.schedule import Schedule
from edge.outbox.cursor import Cursor
from edge.outbox.picker import Picker
from edge.outbox.unstored import Unstored
from edge.payload import Payload
from edge.settings.model import UplinkSettings
from edge.uplink import Uplink

# What may have become of a reading on its way, in words.
WHEREABOUTS = {
    "not wanted": "not for this destination",
    "waiting": "waits on the card",
    "under way": "sent, no acknowledgement yet",
    "handed over": "acknowledged by the broker, no receipt yet",
    "acknowledged": "acknowledged",
    "settled": "acknowledged, or one of those that were refused or gone before they were sent",
}


@dataclass(frozen=True, slots=True)
class Route:
    """What leads to one destination."""

    settings: UplinkSettings
    uplink: Uplink
    payload: Payload
    cursor: Cursor
    picker: Picker
    budget: Budget
    schedule: Schedule
    unstored: Unstored = field(default_factory=Unstored)
