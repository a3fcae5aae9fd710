"""An alarm as a state machine in boot ticks: hold time before it is raised, and before it is cleared (ISA-18.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edge.clock import Stamp
from edge.rules.condition import Cause, Condition
from edge.settings.model import RuleSettings


@dataclass(slots=True)
class Standing:
    """What is kept of an alarm over restarts: raised or not, ``since`` when and why.

    ``latched`` is one that nobody has acknowledged yet, and that stands or has a latch.
    """

    raised: bool = False
    latched: bool = False
    since: Stamp | None = None
    cause: Cause | None = None

    def as_dict(self) -> dict[str, Any]:
        """For the state of the node."""
        since, cause = self.since and list(self.since), self.cause and list(self.cause)
        return {"raised": self.raised, "latched": self.latched, "since": since, "cause": cause}


def standing_of(saved: dict[str, Any]) -> Standing:
    """What ``as_dict`` gave. Raises ``TypeError``, ``KeyError``."""
    since, cause = saved["since"], saved["cause"]
    return Standing(bool(saved["raised"]), bool(saved["latched"]), since and Stamp(*since), cause and Cause(*cause))


class Rule:
    """Several conditions that raise one alarm; while they cannot be judged it stays as it is."""

    def __init__(self, settings: RuleSettings, conditions: Sequence[Condition], standing: Standing) -> None:
        """``standing`` is where an earlier run left it; it is changed in place."""
        self.name, self.settings, self.conditions, self.standing = settings.name, settings, conditions, standing
        self._hold, self._clear_hold = int(settings.hold * 1e9), int(settings.clear_hold * 1e9)
        self._otherwise: Stamp | None = None  # since when the conditions say something else than the alarm

    def judge(self, at: Stamp) -> bool:
        """Whether the alarm was raised or cleared just now, at ``at``."""
        holds = self.holds()
        if holds is None:
            return False
        if holds == self.standing.raised:
            self._otherwise = None
            return False
        if self._otherwise is None:
            self._otherwise = at
        if at.ticks - self._otherwise.ticks < (self._hold if holds else self._clear_hold):
            return False
        self._turn(holds, self._otherwise)
        return True

    def holds(self) -> bool | None:
        """Whether the conditions hold as a whole; None while that cannot be judged."""
        answers = [condition.holds for condition in self.conditions]
        deciding = self.settings.match == "any"  # one such answer settles it, whatever the others say
        if deciding in answers:
            return deciding
        return None if None in answers else not deciding

    def blind(self) -> list[Condition]:
        """The conditions that cannot be judged now."""
        return [condition for condition in self.conditions if condition.holds is None]

    def _turn(self, raised: bool, since: Stamp) -> None:
        turned = next(condition for condition in self.conditions if condition.holds is raised)
        standing, self._otherwise = self.standing, None
        standing.raised, standing.since, standing.cause = raised, since, turned.cause()
        standing.latched = raised or (standing.latched and self.settings.latch)
