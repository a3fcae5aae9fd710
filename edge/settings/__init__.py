"""The configuration of a node: TOML in, frozen dataclasses out, or every problem at once."""

from edge.settings.check import examine, load
from edge.settings.model import (
    FilterSettings,
    NodeSettings,
    OutboxSettings,
    SensorSettings,
    Settings,
    UplinkSettings,
)
from edge.settings.problem import Problem, SettingsError

__all__ = [
    "FilterSettings",
    "NodeSettings",
    "OutboxSettings",
    "Problem",
    "SensorSettings",
    "Settings",
    "SettingsError",
    "UplinkSettings",
    "examine",
    "load",
]
