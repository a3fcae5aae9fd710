"""All alarms of a node: hears every reading behind the filters, and says at once what was raised or cleared.

An alarm is a reading in the alarm lane, named by its rule, 1 when raised and 0 when cleared, and an event ``alarm``
with its cause. Safe from any thread: the sensors of one rule may hang on several buses.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Lock
from typing import Any

from edge.clock import Stamp
from edge.reading import Reading
from edge.rules.condition import Cause, Condition, Silence, end
from edge.rules.output import Output
from edge.rules.rule import Rule, Standing

log = logging.getLogger("edge.rules")

WORDS = {True: "raised", False: "cleared"}


class Alarms:
    """The rules of one configuration and what hangs on them."""

    def __init__(
        self, rules: Sequence[Rule], outputs: Mapping[str, Output], gone: Mapping[str, Standing], lock: Lock
    ) -> None:
        """``outputs`` by name of rule, for those that have one; ``gone`` are alarms whose rules are no more.

        Whoever else looks at the rules meanwhile holds the ``lock``.
        """
        self.rules = {rule.name: rule for rule in rules}
        self.offer: Callable[[list[Reading]], None] = lambda readings: None
        self.tell: Callable[..., None] = lambda kind, **fields: None
        self.excused: Callable[[str], bool] = lambda sensor: False
        self.unsaved = False  # whether an alarm has changed since the node last kept them
        self._outputs, self._gone, self._lock = outputs, gone, lock
        self._of: dict[str, list[tuple[Condition, Rule]]] = defaultdict(list)
        self._silences: list[tuple[Silence, Rule]] = []
        for rule in rules:
            for condition in rule.conditions:
                self._of[condition.settings.sensor].append((condition, rule))
                if isinstance(condition, Silence):
                    self._silences.append((condition, rule))

    def start(self, now: Stamp) -> None:
        """Sets the outputs as they were left, and clears the alarms that are gone with their rules."""
        for name in self._outputs:
            self._drive(self.rules[name])
        for name, standing in self._gone.items():
            if standing.raised:
                standing.raised, standing.since = False, now
                self._say(name, standing, now)

    def stop(self) -> None:
        """Brings the outputs to their safe state."""
        with self._lock:
            outputs, self._outputs = self._outputs, {}
        for output in outputs.values():
            output.close()

    def hear(self, readings: Iterable[Reading]) -> None:
        """Takes readings as they leave the filters."""
        for reading in readings:
            concerned = self._of.get(reading.device)
            if concerned is not None:
                with self._lock:
                    self._weigh(reading, concerned)

    def tick(self, now: Stamp) -> None:
        """Judges what depends on time alone: silence. Once a second is enough."""
        for condition, rule in self._silences:
            excused = self.excused(condition.settings.sensor)
            with self._lock:
                condition.tick(now.ticks, excused=excused)
                self._judge(rule, now)

    def acknowledge(self, name: str) -> None:
        """Somebody has seen the alarm: its output goes low as soon as it is cleared. Raises ``ValueError``."""
        rule = self.rules.get(name)
        if rule is None:
            raise ValueError(f"there is no rule {name!r}; there are: {', '.join(self.rules) or 'none'}")
        with self._lock:
            if not rule.standing.latched:
                raise ValueError(f"{name} needs no acknowledgement")
            rule.standing.latched = False
            self._drive(rule)
            self.unsaved = True
        self.tell("alarm", rule=name, state="acknowledged")
        log.warning("alarm %s is acknowledged", name)

    def status(self) -> list[dict[str, Any]]:
        """Each rule and how its alarm is; ``blind`` is what cannot be judged now, and whether value or history lack."""
        with self._lock:
            return [self._status(rule) for rule in self.rules.values()]

    def _status(self, rule: Rule) -> dict[str, Any]:
        output = self._outputs.get(rule.name)
        return {
            "rule": rule.name,
            "raised": rule.standing.raised,
            "acknowledged": not rule.standing.latched,
            "since": rule.standing.since,
            "cause": rule.standing.cause and rule.standing.cause._asdict(),
            "blind": {_name(condition): condition.lacks for condition in rule.blind()},
            "output": None if output is None else {"gpio": output.gpio, "on": output.on, "trouble": output.trouble},
        }

    def _weigh(self, reading: Reading, concerned: Sequence[tuple[Condition, Rule]]) -> None:
        at = Stamp(reading.at.boot, end(reading))
        for condition, rule in concerned:
            if condition.concerns(reading):
                condition.hear(reading)
                self._judge(rule, at)

    def _judge(self, rule: Rule, at: Stamp) -> None:
        if rule.judge(at):
            self._drive(rule)
            self._say(rule.name, rule.standing, at)

    def _drive(self, rule: Rule) -> None:
        if (output := self._outputs.get(rule.name)) is not None:
            output.set(rule.standing.raised or (rule.settings.latch and rule.standing.latched))

    def _say(self, name: str, standing: Standing, at: Stamp) -> None:
        self.unsaved = True
        self.offer([Reading(name, "alarm", float(standing.raised), "1", at)])
        word, cause = WORDS[standing.raised], standing.cause
        self.tell("alarm", rule=name, state=word, since=standing.since, **(cause._asdict() if cause else {}))
        log.warning("alarm %s is %s%s", name, word, _why(cause))


def _name(condition: Condition) -> str:
    """``sensor/quantity``, or the sensor alone where any of its quantities will do."""
    return f"{condition.settings.sensor}/{condition.settings.quantity}".rstrip("/")


def _why(cause: Cause | None) -> str:
    if cause is None:
        return ""
    return f": {cause.sensor}/{cause.quantity or 'silence'} {cause.value:g}, limit {cause.limit:g}"
