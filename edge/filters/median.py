"""The median of the last few values: single spikes vanish, steps stay steps."""

from collections.abc import Mapping
from typing import Any

from drivers import Option, Quantity
from edge.filters.average import How
from edge.filters.filter import Unfit
from edge.filters.smoothing import Smoothing, Windowed


class Median(Smoothing):
    """The value in the middle of the last ``n``, this one among them; always one that was really measured.

    A step comes (n - 1) / 2 readings late. A gap longer than the ``n`` cover begins anew. Directions, totals, amounts
    and states go through as they are.
    """

    options = (Option("n", int, 5, "of how many readings, this one and those before it; odd", low=3, high=99),)
    smooths = frozenset({How.MEAN, How.MEDIAN, How.ENERGY})

    def __init__(self, quantities: Mapping[str, Quantity], **options: Any) -> None:
        """As every filter."""
        super().__init__(quantities, **options)
        if self.set["n"] % 2 == 0:
            raise Unfit("n", f"'n' = {self.set['n']} is even", f"a median needs an odd number: n = {self.set['n'] + 1}")

    def begin(self, quantity: str, how: How) -> "_Middle":
        """See ``Smoothing``."""
        return _Middle(self.set["n"])


class _Middle(Windowed):
    """Of an even number the lower of both in the middle, so that it was really measured."""

    def value(self) -> float:
        ordered = self.window.ordered
        return ordered[(len(ordered) - 1) // 2]
