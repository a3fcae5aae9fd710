"""What every sensor is checked for without being told: flaggers only, so that no value is changed and none is lost."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from drivers import Quantity
from edge.filters.nature import nature
from edge.filters.spike import TIMES, N

MINUTE = 60.0
TURBULENCE = 1 / 3  # in a shorter time nature changes less: by the cube root of it (Kolmogorov's law for differences)
REPEATS = 12  # readings that must be the same before a slow sensor is called stuck
# What is part of what follows it, as one device gives them.
ASCENDING = (
    ("pm1", "pm2_5", "pm4", "pm10"),
    ("pm1_cf1", "pm2_5_cf1", "pm10_cf1"),
    ("sound_level_min", "sound_level", "sound_level_max"),
)


class Wanted(Protocol):
    """A filter as it was configured: its name, the quantity it is bound to (None: all), its options."""

    @property
    def type(self) -> str:
        """A key of ``FILTERS``."""

    @property
    def quantity(self) -> str | None:
        """The one it works on, None: all."""

    @property
    def options(self) -> Mapping[str, Any]:
        """Those given."""


class Check(NamedTuple):
    """A filter that nobody had to configure."""

    type: str
    quantity: str | None
    options: Mapping[str, Any]


def defaults(quantities: Mapping[str, Quantity], pace: float) -> list[Check]:
    """The default chain of a device that measures ``quantities`` each ``pace`` seconds.

    A slow device is not checked for spikes: where nature moves as far between two readings, a jump proves nothing.
    """
    checks = [check for name in quantities for check in _of(name, pace)]
    for family in ASCENDING:
        given = [name for name in family if name in quantities]
        checks += [Check("cross", None, {"ascending": given})] if len(given) > 1 else []
    return checks + ([Check("stale", None, {"by": "utc"})] if "utc" in quantities else [])


def completed(filters: Sequence[Wanted], quantities: Mapping[str, Quantity], pace: float) -> list[Wanted]:
    """The default chain in front of ``filters``, without the checks that they make themselves."""
    own = {(item.type, item.quantity) for item in filters}
    kept = [one for one in defaults(quantities, pace) if not {(one.type, None), (one.type, one.quantity)} & own]
    return [*kept, *filters]


def _of(name: str, pace: float) -> Iterator[Check]:
    """The checks of one quantity."""
    like, window = nature(name), N * pace
    yield Check("range", name, {})
    if like.jump is not None and window <= like.holds:
        yield Check("spike", name, {"floor": like.jump * (window / MINUTE) ** TURBULENCE / TIMES})
    if like.still is not None:
        yield Check("stuck", name, {"for": max(like.still, REPEATS * pace)})
