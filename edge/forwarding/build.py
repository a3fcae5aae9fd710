"""Builds the way to each destination of a configuration, from the card to the broker."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from edge.forwarding.forwarder import Forwarder
from edge.forwarding.route import Route
from edge.forwarding.schedule import Schedule
from edge.outbox.cursor import Cursor
from edge.outbox.gathering import Gathering
from edge.outbox.picker import Picker
from edge.outbox.unstored import Unstored
from edge.payload import load
from edge.reading import Reading
from edge.settings import Settings, UplinkSettings
from edge.stores import Stores
from edge.uplink import Uplink

StatusMessage = Callable[[bool], bytes]


@dataclass(frozen=True, slots=True)
class Voice:
    """What the node itself says to a destination and hears from it.

    ``status(online)`` is the birth and will message, ``health`` how it is, ``obey`` gives the reply to a command.
    """

    status: StatusMessage
    health: Callable[[], dict[str, Any]]
    obey: Callable[[bytes], bytes | None]


def forwarder_to(whole: Settings, settings: UplinkSettings, stores: Stores, voice: Voice) -> Forwarder:
    """One destination, ready to be started, with what the card still has for it."""
    cursor = stores.cursors.setdefault(settings.name, Cursor(settings.name))
    cursor.need_receipts(settings.custody == "receipt")
    wanted = _wanted(settings)
    picker = Picker(stores.outbox, cursor, settings.rate, wanted, Gathering(settings.batch_age))
    inbound = _inbound(whole, settings)
    uplink = _uplink(settings, whole.node.id, voice.status, inbound, stores)
    payload = load(settings.payload)(stores.channels)
    budget = stores.budgets.of(settings.name)
    budget.limit(settings.budget_day, settings.budget_month, live=settings.connect_every is None)
    schedule = Schedule(f"{whole.node.id} {settings.name}", settings.connect_every, settings.connect_for)
    route = Route(settings, uplink, payload, cursor, picker, budget, schedule, Unstored(wanted))
    picker.on_lost = lambda first, last: stores.lose(settings.name, first, last, "damaged on the card")
    _settle(stores, cursor)
    made = Forwarder(whole.node.id, route, stores.events, stores.clock)
    if "command" in inbound:
        made.talk.obey = voice.obey
    return made


def _inbound(whole: Settings, settings: UplinkSettings) -> tuple[str, ...]:
    """The channels on which the destination may speak to the node."""
    receipts = ("receipt",) if settings.custody == "receipt" else ()
    orders = whole.commands
    commands = orders is not None and (not orders.uplinks or settings.name in orders.uplinks)
    return (*receipts, "command") if commands else receipts


def _settle(stores: Stores, cursor: Cursor) -> None:
    """What the cursor lacks and the outbox no longer has is lost."""
    at, kept = 1, stores.outbox.first
    while (gap := cursor.gap(at, kept - 1)) is not None:
        for first, last in stores.outbox.routine(*gap):
            stores.lose(cursor.name, first, last, "gone before it was sent")
        at = gap[1] + 1


def _wanted(settings: UplinkSettings) -> Callable[[Reading], bool] | None:
    sensors, quantities = set(settings.sensors), set(settings.quantities)
    if not sensors and not quantities:
        return None
    return lambda reading: (
        (not sensors or reading.device in sensors) and (not quantities or reading.quantity in quantities)
    )


def _uplink(
    settings: UplinkSettings, node: str, status: StatusMessage, inbound: tuple[str, ...], stores: Stores
) -> Uplink:
    from edge.uplink.certificate import Expiry  # a node without an uplink needs neither TLS nor paho
    from edge.uplink.mqtt import MqttUplink

    uplink = MqttUplink(settings, node, status, stores.clock, inbound, places=stores.places)
    uplink.expiry = Expiry(settings.name, stores.events.put)
    return uplink
