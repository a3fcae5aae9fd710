"""Builds the alarms of a configuration, with what an earlier run has left of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from edge.clock import Stamp
from edge.rules.alarms import Alarms
from edge.rules.condition import Condition, Silence, Threshold
from edge.rules.output import Output, Switch
from edge.rules.rule import Rule, Standing
from edge.rules.window import Window
from edge.settings.model import ConditionSettings, RuleSettings


@dataclass(slots=True)
class Past:
    """What outlives the rules: how each alarm stands, and the windows of their statistics."""

    standings: dict[str, Standing] = field(default_factory=dict)
    windows: dict[str, Window] = field(default_factory=dict)


def alarms(rules: Sequence[RuleSettings], past: Past, now: Stamp, plug: Callable[[int], Switch]) -> Alarms:
    """The rules as the ``past`` left them, which they go on changing; ``plug`` opens the line of an output."""
    windows, past.windows = past.windows, {}
    made = []
    for rule in rules:
        conditions: list[Condition] = []
        for number, item in enumerate(rule.when):
            name = f"{rule.name} {number} {item.sensor}/{item.quantity} {item.statistic} {item.over:g}"
            if item.over:
                past.windows[name] = windows.get(name) or Window(item.over)
            conditions.append(_condition(item, past.windows.get(name), now))
        made.append(Rule(rule, conditions, past.standings.setdefault(rule.name, Standing())))
    outputs = {rule.name: Output(rule.output, plug) for rule in rules if rule.output is not None}
    return Alarms(
        made, outputs, {name: past.standings[name] for name in past.standings.keys() - {r.name for r in rules}}
    )


def _condition(settings: ConditionSettings, window: Window | None, now: Stamp) -> Condition:
    return Threshold(settings, window) if settings.silent is None else Silence(settings, now.ticks)
