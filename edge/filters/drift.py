"""Flags a value that has slowly gone away from what others say."""

from collections.abc import Mapping
from typing import Any

from drivers import REQUIRED, Option, Quantity, Reason
from edge.filters.average import goes_round
from edge.filters.filter import Unfit
from edge.filters.flagger import Flagger
from edge.filters.history import PerQuantity
from edge.reading import GOOD, Level, Quality, Reading

FOUND = GOOD.flagged(Reason.INCONSISTENT)
MOST = 4.0  # slacks that a difference counts for: a spike is no drift
FULL = 2.0  # what the sums hold at most, in what proves a drift: so that they come down again in a time like that
SHARE = 4  # a reading counts at most for this part of the time, and for the pace of the sensor


class Drift(Flagger):
    """``quantity`` that has gone away from others of its kind is suspect: ``inconsistent``, until it has come back.

    A cumulative sum (CUSUM; Page, Biometrika 41, 1954) over time, up and down apart, of what it differs by from the
    median of ``against``, less ``slack``: a drift is proved when it reaches ``slack`` times ``after``. So a difference
    within ``slack`` is borne for ever, one of twice that is found after ``after``, a larger one sooner, at best in a
    third of the time. The flag goes when it has come back for as long. Readings that are suspect do not count, nor
    others that are, or are of another unit, or older than ``age``; of the same sensor only those of the same moment.
    Begins anew when the node starts. Against one other nobody knows which of both has drifted.
    """

    reasons = Reason.INCONSISTENT
    options = (
        Option("quantity", str, REQUIRED, 'the one that is judged, e.g. quantity = "temperature"'),
        Option(
            "against", list, REQUIRED, 'others of its kind, e.g. against = ["roof/temperature", "air2/temperature"]'
        ),
        Option("slack", float, REQUIRED, "what two that are well may differ by in the mean, in its unit", low=1e-9),
        Option("after", "duration", 6 * 3600.0, "when twice the slack is found", unit="s", low=60),
        Option("age", "duration", 60.0, "how old the value of another may be", unit="s", low=0),
    )
    refers = ("against",)

    def __init__(self, quantities: Mapping[str, Quantity], **options: Any) -> None:
        """As every filter."""
        super().__init__(quantities, **options)
        quantity, against = self.set["quantity"], self.set["against"]
        if quantity not in quantities:
            raise Unfit("quantity", f"'{quantity}' is not measured", f"one of: {', '.join(quantities)}")
        if not against or not all(isinstance(name, str) and ("/" in name or name in quantities) for name in against):
            raise Unfit("against", "'against' names no other value", 'write against = ["sensor/quantity"]')
        self._others = [name.rpartition("/") for name in against]
        self._sums = PerQuantity(lambda quantity: _Sums(self.set["after"] * 1e9))

    def concerns(self, quantity: str) -> bool:
        """The one that is judged."""
        return bool(quantity == self.set["quantity"])

    def judge(self, reading: Reading, value: float) -> Quality:
        """``inconsistent``, by what the others have said for hours."""
        if reading.quantity != self.set["quantity"]:
            return GOOD
        sums, other = self._sums.of(reading), self._median(reading)
        if other is not None and reading.quality.level < Level.SUSPECT:
            apart = value - other
            turned = (apart + 180) % 360 - 180 if goes_round(reading.quantity) else apart
            sums.add(reading.at.ticks, turned / self.set["slack"], self.pace)
        return FOUND if sums.largest >= 1.0 else GOOD

    def about(self, quantity: str) -> str:
        """The difference, and how much of a drift is proved."""
        sums = self._sums.known(quantity)
        if sums is None or sums.apart is None:
            return "nothing to compare with yet"
        apart, shown = sums.apart * self.set["slack"], ", ".join(self.set["against"])
        return f"{apart:+.3g} against {shown}, {min(1.0, sums.largest):.0%} of a drift proved"

    def _median(self, reading: Reading) -> float | None:
        """Of what the others say at the moment of the reading."""
        found = [self.look_up(sensor or reading.device, quantity) for sensor, _, quantity in self._others]
        values = sorted(one.value for one in found if one and one.value is not None and self._comparable(one, reading))
        return (values[len(values) // 2] + values[~(len(values) // 2)]) / 2 if values else None

    def _comparable(self, other: Reading, reading: Reading) -> bool:
        if other.at != reading.at:
            late = abs(other.at.ticks - reading.at.ticks) > self.set["age"] * 1e9
            if late or other.at.boot != reading.at.boot or other.device == reading.device:
                return False
        return other.unit == reading.unit and other.quality.level < Level.SUSPECT


class _Sums:
    """Two sums over time, in what proves a drift; ``after`` in ticks."""

    def __init__(self, after: float) -> None:
        self._after, self._ticks = after, -1
        self._above = self._below = 0.0
        self.apart: float | None = None  # slacks, of the last reading

    def add(self, ticks: int, apart: float, pace: float | None) -> None:
        longest = self._after / SHARE if pace is None else min(self._after / SHARE, pace * 1e9)
        passed = min(ticks - self._ticks, longest) / self._after if self._ticks >= 0 else 0.0
        self.apart, self._ticks = apart, ticks
        much = min(MOST, max(-MOST, apart))
        self._above = min(FULL, max(0.0, self._above + (much - 1.0) * passed))
        self._below = min(FULL, max(0.0, self._below + (-much - 1.0) * passed))

    @property
    def largest(self) -> float:
        return max(self._above, self._below)
