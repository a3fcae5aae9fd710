"""Flags what the device said before and only says again."""

from collections.abc import Mapping
from typing import Any

from drivers import Option, Quantity, Reason
from edge.filters.filter import Unfit
from edge.filters.flagger import Flagger
from edge.filters.interval import usable
from edge.reading import GOOD, Quality, Reading

FOUND = GOOD.flagged(Reason.STALE)


class Stale(Flagger):
    """All values of a device are suspect, ``stale``, while ``by`` has not moved for ``after``.

    For devices that go on repeating their last measurement: ``by`` is what every new one changes, the ``utc`` of a
    receiver or the counter of a logger. The first reading after a silence is fresh and not flagged; that the device
    was silent, the missing readings before it say.
    """

    reasons = Reason.STALE
    options = (
        Option("by", str, "utc", "the quantity of the same sensor that each new measurement changes"),
        Option("after", "duration", 5.0, "how long it may stay the same", unit="s", low=0),
    )

    def __init__(self, quantities: Mapping[str, Quantity], **options: Any) -> None:
        """As every filter."""
        super().__init__(quantities, **options)
        if self.set["by"] not in quantities:
            what = f"'by' = '{self.set['by']}' is not measured"
            raise Unfit("by", what, f"one of: {', '.join(quantities)}")
        self._long = self.set["after"] * 1e9
        self._moved: Reading | None = None  # the first of those with the value that ``by`` has now

    def judge(self, reading: Reading, value: float) -> Quality:
        """``stale``, by what the same measurement says of its age."""
        mark = self.look_up(reading.device, self.set["by"])
        if mark is None or mark.at != reading.at or not usable(mark):
            return GOOD
        moved = self._moved
        if moved is None or mark.value != moved.value or mark.at.boot != moved.at.boot:
            self._moved = mark
            return GOOD
        return FOUND if reading.at.ticks - moved.at.ticks > self._long else GOOD
