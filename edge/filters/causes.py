"""Which filter can have flagged a reading of the past: by its reasons alone, since nobody saw it happen."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from drivers import NONE, Reason
from edge.filters.chain import Link
from edge.filters.path import named
from edge.reading import Reading

FILTERS_ONLY = Reason.SPIKE | Reason.STUCK | Reason.OUT_OF_RANGE  # all else a device or its calibration may say too


class Cause(NamedTuple):
    """A filter, what it goes by, which reasons of the reading it can have given, and whether nobody else can have."""

    name: str
    about: str
    reasons: Reason
    sure: bool

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {"name": self.name, "about": self.about, "reasons": self.reasons.words(), "sure": self.sure}


def causes(links: Iterable[Link], reading: Reading) -> tuple[list[Cause], Reason]:
    """The filters that the reading went through, in order, and the reasons that none of them gives.

    No filter mends a flag, so one whose reasons the reading lacks found nothing in it.
    """
    quantity, reasons = reading.quantity, reading.quality.reasons
    passed = [
        work
        for bound, work in links
        if bound in (None, quantity) and work.concerns(quantity) and quantity in work.gives(bound)
    ]
    givers = Counter(reason for work in passed for reason in Reason if reason in work.reasons & reasons)
    alone = {reason for reason, count in givers.items() if count == 1 and reason in FILTERS_ONLY}
    found = []
    for work in passed:
        mine = work.reasons & reasons
        sure = all(reason in alone for reason in Reason if reason in mine)
        found.append(Cause(named(work), work.setting(quantity, reading.at), mine, sure))
    return found, reasons & ~sum(givers, NONE)
