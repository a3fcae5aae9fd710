"""Feeds a driver with what other sensors measured: water temperature for pH, air pressure for CO2."""

from collections.abc import Callable, Mapping

from drivers import Driver, Reason
from edge.clock import Stamp
from edge.reading import Level, Reading

FRESH = 600.0  # seconds that the value of another device may be old and still compensate


def compensated(
    driver: Driver, sources: Mapping[str, tuple[str, str]], look_up: Callable[[str, str], Reading | None], now: Stamp
) -> bool:
    """Whether the driver got all that it should have by ``sources``: what is stale or doubtful is not used."""
    whole = True
    for name, source in sources.items():
        reading = look_up(*source)
        if reading is not None and reading.value is not None and _sound(reading, now):
            driver.feed(name, reading.value)
        else:
            whole = False
    return whole


def _sound(reading: Reading, now: Stamp) -> bool:
    young = now.boot == reading.at.boot and now.ticks - reading.at.ticks < FRESH * 1e9
    doubtful = reading.quality.level >= Level.BAD or Reason.MAINTENANCE in reading.quality.reasons
    return young and not doubtful
