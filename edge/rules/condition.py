"""What a rule asks of one sensor: whether a value lies beyond its limit, or whether the sensor is silent.

A condition holds, does not hold, or cannot be judged (None). Bad and missing values, a sensor that warms up and one
under maintenance are no evidence: from then on it cannot be judged, until the next value that can be used.
"""

from typing import NamedTuple

from drivers import Reason
from edge.reading import GOOD, Level, Reading
from edge.rules.window import Window
from edge.settings.model import ConditionSettings

VALUE, HISTORY = "value", "history"
NEVER = Reason.WARMING_UP | Reason.MAINTENANCE


class Cause(NamedTuple):
    """What made an alarm change; of silence, ``value`` and ``limit`` are seconds."""

    sensor: str
    quantity: str
    value: float
    limit: float


def end(reading: Reading) -> int:
    """The ticks at which a reading was complete."""
    return reading.at.ticks + int(reading.span * 1e9)


def _usable(reading: Reading, suspect: bool) -> bool:
    quality = reading.quality
    if reading.value is None or quality is GOOD:
        return reading.value is not None
    return quality.level < (Level.BAD if suspect else Level.SUSPECT) and not quality.reasons & NEVER


class Threshold:
    """A value, or a statistic of the last values, against a limit with hysteresis."""

    def __init__(self, settings: ConditionSettings, window: Window | None) -> None:
        """``window`` is that of the statistic; None for the value itself."""
        self.settings = settings
        self.holds: bool | None = None
        self.lacks = VALUE  # what it needs to be judged, where it cannot be
        limit = settings.below if settings.above is None else settings.above
        self._limit = limit if limit is not None else 0.0
        self._sign = 1.0 if settings.above is not None else -1.0
        self._window, self._value = window, 0.0
        self._beyond: bool | None = None  # the last answer, which counts between the limit and its clear level

    def concerns(self, reading: Reading) -> bool:
        """Whether a reading of its sensor is evidence."""
        return reading.quantity == self.settings.quantity

    def hear(self, reading: Reading) -> None:
        """Takes a reading that concerns it."""
        if not _usable(reading, self.settings.suspect) or reading.value is None:
            self.holds, self.lacks = None, VALUE
            return
        value, whole = self._statistic(end(reading), reading.value)
        if value is None:
            self.holds, self.lacks = None, HISTORY
            return
        self._value = value
        if self._sign * value > self._sign * self._limit:
            self._beyond = True
        elif self._sign * value <= self._sign * self.settings.clear:
            self._beyond = False
        self.holds, self.lacks = (self._beyond, "") if self._beyond or whole else (None, HISTORY)

    def cause(self) -> Cause:
        """What it judged last."""
        return Cause(self.settings.sensor, self.settings.quantity, self._value, self._limit)

    def _statistic(self, at: int, value: float) -> tuple[float | None, bool]:
        """The value to compare, and whether it may also speak for quiet."""
        window = self._window
        if window is None:
            return value, True
        window.add(at, value)
        match self.settings.statistic:
            case "mean":
                return window.mean(), True
            case "lowest":
                return window.lowest(), True
            case "highest":
                return window.highest(), True
        return value - window.start(), window.whole


class Silence:
    """No usable value of a sensor, or of one of its quantities, for a time."""

    lacks = VALUE

    def __init__(self, settings: ConditionSettings, now: int) -> None:
        """``now`` are the ticks from which it counts; until a first value it cannot be judged before the time is up."""
        self.settings = settings
        self.holds: bool | None = None
        self._limit = settings.silent or 0.0
        self._heard, self._silent = now, 0.0

    def concerns(self, reading: Reading) -> bool:
        """Whether a reading of its sensor is a sign of life."""
        return self.settings.quantity in ("", reading.quantity) and _usable(reading, self.settings.suspect)

    def hear(self, reading: Reading) -> None:
        """Takes a sign of life."""
        self._heard = max(self._heard, end(reading))
        self._silent, self.holds = 0.0, False

    def tick(self, now: int, *, excused: bool) -> None:
        """Judges by the time that has passed; a sensor that is ``excused`` may be silent, and the time begins anew."""
        if excused:
            self._heard, self.holds = now, None
            return
        self._silent = max(0, now - self._heard) / 1e9
        if self._silent >= self._limit:
            self.holds = True

    def cause(self) -> Cause:
        """How long it has been silent."""
        return Cause(self.settings.sensor, self.settings.quantity, round(self._silent, 1), self._limit)


Condition = Threshold | Silence
