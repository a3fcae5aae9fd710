"""The configuration of a node: TOML in, frozen dataclasses out, or every problem at once."""

from edge.settings.check import examine, load
from edge.settings.model import (
    ClockSettings,
    CommandSettings,
    ConditionSettings,
    FilterSettings,
    NodeSettings,
    OutboxSettings,
    RuleSettings,
    SensorSettings,
    Settings,
    UplinkSettings,
)
from edge.settings.problem import Problem, SettingsError

__all__ = [
    "ClockSettings",
    "CommandSettings",
    "ConditionSettings",
    "FilterSettings",
    "NodeSettings",
    "OutboxSettings",
    "Problem",
    "RuleSettings",
    "SensorSettings",
    "Settings",
    "SettingsError",
    "UplinkSettings",
    "examine",
    "load",
]
