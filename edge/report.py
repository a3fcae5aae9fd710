"""How a whole node is: for `edge status`, and in short for the far end."""

from typing import Any

import edge
from edge.health import (
    ailing,
    alarm_status,
    clock_status,
    outbox_status,
    process_status,
    sensor_status,
    uplink_status,
    verdict,
)
from edge.machine import Machine
from edge.pipeline import Pipeline
from edge.settings import Settings
from edge.stores import Stores


def whole(settings: Settings, pipeline: Pipeline, stores: Stores, hanging: list[str], since: float) -> dict[str, Any]:
    """How everything is, at the node; ``since`` is when it began, in monotonic seconds."""
    return {
        "version": edge.__version__,
        "node": settings.node.id,
        "site": settings.node.site,
        "config": settings.digest,
        "hanging": hanging,
        "sensors": [sensor_status(device, stores.maintenance) for device in pipeline.devices],
        "alarms": alarm_status(pipeline.alarms, stores.clock),
        **_common(pipeline, stores, hanging, since),
    }


def brief(pipeline: Pipeline, stores: Stores, hanging: list[str], since: float, machine: Machine) -> dict[str, Any]:
    """The account of each destination, card, clock, machine, who is ill."""
    return {
        "ill": {device.name: device.trouble for device in pipeline.devices if device.health.value == "ill"},
        "machine": machine.status(),
        **_common(pipeline, stores, hanging, since),
    }


def sentence(pipeline: Pipeline, hanging: list[str]) -> str:
    """For ``systemctl status``: nothing that changes each second."""
    ill = [device.name for device in pipeline.devices if device.health.value == "ill"]
    why = ", ".join(hanging or ailing(pipeline.devices, pipeline.writer))
    word = verdict(pipeline.devices, pipeline.writer, hanging)
    return "; ".join(
        [
            f"{word}: {why}" if why else word,
            f"{len(pipeline.devices) - len(ill)} of {len(pipeline.devices)} sensors",
            *(f"{name} is ill" for name in ill),
            *(f"{forwarder.name} {forwarder.state}" for forwarder in pipeline.forwarders),
        ]
    )


def _common(pipeline: Pipeline, stores: Stores, hanging: list[str], since: float) -> dict[str, Any]:
    return {
        "health": verdict(pipeline.devices, pipeline.writer, hanging),
        "ailing": ailing(pipeline.devices, pipeline.writer),
        "uplinks": [uplink_status(forwarder, stores.outbox) for forwarder in pipeline.forwarders],
        "outbox": outbox_status(stores.outbox, pipeline.writer),
        "clock": clock_status(stores.clock),
        "process": process_status(since),
    }
