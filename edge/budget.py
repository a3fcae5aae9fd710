"""How many bytes a metered link may carry in a day and a month, and what has to wait when they run low.

Nothing is lost for it: what waits stays on the card. Alarms always go, and count. A day and a month are those of the
calendar (UTC). While the date is not known they are 24 hours and 30 days of running, and a restart does not begin them
anew.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from edge.clock import Clock
from edge.state import State

log = logging.getLogger("edge.budget")

BACKLOG, ROUTINE = "backlog", "routine"  # what waits: all but live values and alarms; all but alarms
RESERVE = 0.25  # share of a budget that the backlog leaves to live values


class Span(NamedTuple):
    """A kind of time: its dates have the form ``form``, and it lasts ``seconds`` where there are none."""

    name: str
    form: str
    seconds: float


DAY, MONTH = Span("day", "%Y-%m-%d", 86_400.0), Span("month", "%Y-%m", 30 * 86_400.0)


@dataclass(slots=True)
class Period:
    """The day or the month that goes on; ``date`` is "" while it is not known, ``age`` its seconds without a date."""

    span: Span
    limit: int | None
    used: int = 0
    date: str = ""
    age: float = 0.0

    def turn(self, utc: int | None, seconds: float) -> None:
        """So many seconds have passed, and this is the date (ns since 1970), if it is known."""
        if utc is None:
            self.age += seconds
            if self.age >= self.span.seconds:
                self.used, self.date, self.age = 0, "", 0.0
            return
        date = time.strftime(self.span.form, time.gmtime(utc / 1e9))
        if self.date not in ("", date):
            self.used = 0
        self.date, self.age = date, 0.0

    @property
    def left(self) -> float:
        """The share of the budget that is left; 1 without one."""
        return 1.0 if self.limit is None else max(0.0, 1.0 - self.used / self.limit)

    def as_dict(self) -> dict[str, Any]:
        """For status and messages."""
        return {"used": self.used, "limit": self.limit}


class Budget:
    """The account of one destination."""

    def __init__(self, clock: Clock, day: int | None = None, month: int | None = None) -> None:
        """``day`` and ``month`` are bytes; None is no limit."""
        self._clock = clock
        self._periods = [Period(DAY, day), Period(MONTH, month)]
        self._reserve, self._at = RESERVE, clock.now().ticks

    def limit(self, day: int | None, month: int | None, *, live: bool = True) -> None:
        """Sets other limits. Without ``live`` everything is backlog, as on a link that is seldom connected."""
        for period, limit in zip(self._periods, (day, month), strict=True):
            period.limit = limit
        self._reserve = RESERVE if live else 0.0

    def spend(self, size: int) -> None:
        """So many bytes went over the link."""
        now = self._clock.now()
        seconds, self._at = (now.ticks - self._at) / 1e9, now.ticks
        for period in self._periods:
            period.turn(self._clock.utc(now), seconds)
            period.used += size

    @property
    def holds(self) -> str | None:
        """What has to wait now: the backlog, all routine, or nothing."""
        left = min(period.left for period in self._periods)
        if left <= 0.0:
            return ROUTINE
        return BACKLOG if left <= self._reserve else None

    def status(self) -> dict[str, Any]:
        """For status and messages."""
        return {period.span.name: period.as_dict() for period in self._periods} | {"waits": self.holds}

    def as_dict(self) -> dict[str, Any]:
        """To be kept."""
        return {p.span.name: {"used": p.used, "date": p.date, "age": round(p.age)} for p in self._periods}

    def recall(self, saved: Mapping[str, Any]) -> None:
        """Goes on from what ``as_dict`` gave. Raises ``KeyError``, ``TypeError`` or ``ValueError``."""
        for period in self._periods:
            kept = saved[period.span.name]
            period.used, period.date, period.age = int(kept["used"]), str(kept["date"]), float(kept["age"])


class Budgets:
    """The accounts of all destinations, kept over a restart."""

    def __init__(self, clock: Clock, state: State) -> None:
        self._clock, self._state = clock, state
        self._budgets: dict[str, Budget] = {}

    def of(self, name: str) -> Budget:
        """The account of a destination, with what was used before."""
        if name not in self._budgets:
            self._budgets[name] = budget = Budget(self._clock)
            if (saved := self._state.load("budgets").get(name)) is not None:
                self._recall(name, budget, saved)
        return self._budgets[name]

    def _recall(self, name: str, budget: Budget, saved: Any) -> None:
        try:
            budget.recall(saved)
        except (KeyError, TypeError, ValueError) as error:
            log.error("the data budget of %s in the state makes no sense and begins anew: %s", name, error)

    def save(self) -> None:
        """Keeps what was used. Raises ``StorageError``."""
        self._state.save("budgets", {name: budget.as_dict() for name, budget in self._budgets.items()})
