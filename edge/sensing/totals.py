"""What counts up in a device: totals, which should not fall, and the hours of lasers and fans."""

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence

from drivers import Driver, is_total
from edge.maths.unit import converted, kin
from edge.reading import Reading


def fallen(readings: Iterable[Reading], latest: Mapping[str, Reading]) -> Iterator[tuple[str, float, float]]:
    """Totals that rolled over, were reset, or are those of another meter: quantity, from, to, before any correction."""
    for reading in readings:
        last = latest.get(reading.quantity)
        if last is None or not is_total(reading.quantity) or reading.value is None:
            continue
        before = last.value if last.raw is None else last.raw
        if before is not None and reading.value < before:
            yield reading.quantity, before, reading.value


def recover(memory: MutableMapping[str, float], driver: type[Driver], last: Sequence[Reading]) -> None:
    """Totals as the card has them, where the state is older: in the driver's unit, before any correction."""
    units = {quantity.name: quantity.unit for quantity in driver.measures if quantity.name in driver.totals}
    for reading in last:
        total, unit = reading.value if reading.raw is None else reading.raw, units.get(reading.quantity)
        if total is not None and unit in kin(reading.unit):
            total = converted(total, reading.unit, unit)
            memory[reading.quantity] = max(total, memory.get(reading.quantity, 0.0))


class RunningHours:
    """How long the laser and the fan of a device have run, in its memory; with a duty cycle, only while awake."""

    def __init__(self, driver: type[Driver], resting: bool, now: Callable[[], float]) -> None:
        """``resting`` says that the device sleeps between its measurements."""
        self._counts, self._resting, self._now = bool(driver.lifetime), resting, now
        self._to = now()

    def count(self, memory: MutableMapping[str, float], measure: float, patience: float) -> None:
        """To be called at each measurement, which took ``measure``; what lies apart by more than ``patience`` was off.

        Both in seconds.
        """
        if not self._counts:
            return
        now, since = self._now(), self._to
        self._to = now
        awake = measure if self._resting else now - since
        if self._resting or awake <= patience:
            memory["running_hours"] = memory.get("running_hours", 0.0) + awake / 3600
