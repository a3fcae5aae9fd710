"""Builds the alarms of a configuration, with what an earlier run has left of them."""

from collections.abc import Callable, Sequence

from edge.clock import Stamp
from edge.rules.alarms import Alarms
from edge.rules.condition import Condition, Silence, Threshold
from edge.rules.output import Output, Switch
from edge.rules.past import Past
from edge.rules.rule import Rule, Standing
from edge.rules.window import Window
from edge.settings.model import ConditionSettings, RuleSettings


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
    gone = {name: past.standings.pop(name) for name in past.standings.keys() - {rule.name for rule in rules}}
    return Alarms(made, outputs, gone, past.lock)


def _condition(settings: ConditionSettings, window: Window | None, now: Stamp) -> Condition:
    return Threshold(settings, window) if settings.silent is None else Silence(settings, now.ticks)
