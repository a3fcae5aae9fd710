"""A configuration on trial: it stays when the data goes on, and the old one comes back by itself when not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge.forwarding.forwarder import Forwarder
from edge.sensing.condition import Health
from edge.sensing.device import Device
from edge.settings import Settings

REACHED = ("connected", "resting")


@dataclass(frozen=True, slots=True)
class Flow:
    """What works: sensors that measure, destinations that are reached."""

    sensors: frozenset[str]
    uplinks: frozenset[str]

    @classmethod
    def of(cls, devices: Sequence[Device], forwarders: Sequence[Forwarder]) -> "Flow":
        """The flow through these parts now."""
        measuring = (device.name for device in devices if device.health is Health.OK and device.counts.good)
        reached = (forwarder.name for forwarder in forwarders if forwarder.state in REACHED)
        return cls(frozenset(measuring), frozenset(reached))

    def lost(self, then: "Flow", sensors: Sequence[str], uplinks: Sequence[str]) -> list[str]:
        """What worked then, is still configured, and does not work now."""
        silent = sorted((then.sensors - self.sensors) & set(sensors))
        cut = sorted((then.uplinks - self.uplinks) & set(uplinks))
        nothing = ["no sensor measures"] if then.sensors and not self.sensors else []
        return [f"sensor {name}" for name in silent] + [f"uplink {name}" for name in cut] + nothing


class Trial:
    """One trial: what worked before, and until when what was lost has to be back."""

    def __init__(self, before: Flow, seconds: float, now: Callable[[], float]) -> None:
        self._before, self._end, self._now = before, now() + seconds, now

    def verdict(self, flow: Flow, settings: Settings) -> list[str] | None:
        """None while the trial lasts; then what is lost, nothing if the configuration may stay."""
        if self._now() < self._end:
            return None
        sensors = [sensor.name for sensor in settings.sensors]
        return flow.lost(self._before, sensors, [uplink.name for uplink in settings.uplinks])
