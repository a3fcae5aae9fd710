"""The mean of the last few values."""

from drivers import Option
from edge.filters.average import How
from edge.filters.scale import Scale, scale
from edge.filters.smoothing import Smoothing, Windowed


class MovingMean(Smoothing):
    """The mean of the last ``n`` values, this one among them; decibels by energy, directions as vectors.

    A gap longer than the ``n`` cover begins anew. Totals, amounts and states go through as they are.
    """

    options = (Option("n", int, 5, "of how many readings, this one and those before it", low=2, high=99),)
    smooths = frozenset({How.MEAN, How.MEDIAN, How.ENERGY, How.VECTOR})

    def begin(self, quantity: str, how: How) -> Windowed:
        """See ``Smoothing``."""
        other = scale(quantity, how)
        return _Arithmetic(self.set["n"]) if other is None else _Scaled(self.set["n"], other)


class _Arithmetic(Windowed):
    def value(self) -> float:
        values = self.window.values
        return sum(values) / len(values)


class _Scaled(Windowed):
    """By energy, or of arrows; where those cancel out, the newest stands."""

    def __init__(self, size: int, other: Scale) -> None:
        super().__init__(size)
        self._there, self._back = other

    def value(self) -> float:
        values = self.window.values
        mean = self._back(sum(map(self._there, values)) / len(values))
        return values[-1] if mean is None else mean
