"""Lets only changes through, and a sign of life now and then."""

from collections.abc import Iterable, Mapping
from typing import Any

from drivers import Option, Quantity
from edge.filters.filter import Filter
from edge.reading import Reading


class Deadband(Filter):
    """Drops a reading that is no more than ``band`` away from the last one that went through.

    The first after ``heartbeat`` goes through in any case, and so does every missing one and every change of quality.
    What is dropped was measured and is as good as repeated: it gets no seq and no place in the account.
    """

    options = (
        Option("band", float, None, "no change is within it, in the unit of the quantity; default: last digit", low=0),
        Option("heartbeat", "duration", 600.0, "the longest silence", unit="s", low=0.001),
    )

    def __init__(self, quantities: Mapping[str, Quantity], **options: Any) -> None:
        """As every filter."""
        super().__init__(quantities, **options)
        self._longest = self.set["heartbeat"] * 1e9
        self._last: dict[str, Reading] = {}

    def __call__(self, reading: Reading) -> Iterable[Reading]:
        """The reading, or nothing."""
        last = self._last.get(reading.quantity)
        if last is not None and self._repeats(reading, last):
            return ()
        self._last[reading.quantity] = reading
        return (reading,)

    def _repeats(self, reading: Reading, last: Reading) -> bool:
        if reading.value is None or last.value is None or reading.quality != last.quality:
            return False
        if reading.at.boot != last.at.boot or reading.at.ticks - last.at.ticks >= self._longest:
            return False
        band = self.resolution(reading.quantity) if self.set["band"] is None else self.set["band"]
        return bool(abs(reading.value - last.value) <= band)
