"""Rules: what raises an alarm, and what becomes of it."""

from edge.rules.alarms import Alarms
from edge.rules.build import Past, alarms
from edge.rules.rule import Standing, standing_of
from edge.rules.window import Window

__all__ = ["Alarms", "Past", "Standing", "Window", "alarms", "standing_of"]
