"""Rules: what raises an alarm, and what becomes of it."""

from edge.rules.alarms import Alarms
from edge.rules.build import alarms
from edge.rules.past import Past, recalled
from edge.rules.rule import Standing

__all__ = ["Alarms", "Past", "Standing", "alarms", "recalled"]
