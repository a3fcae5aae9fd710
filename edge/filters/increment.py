"""What a total grew by from one value to the next, over roll-over and reset."""

from drivers import Reason
from edge.reading import GOOD, Quality

ROLLED = 0.1  # share of its range that a counter may step over at its end, and still be believed to have rolled over

FELL = GOOD.flagged(Reason.INCONSISTENT)  # of what a total grew by, since nobody knows it


class Increment:
    """Follows one total; ``modulus`` is where its counter begins with 0 again, in its unit, if that is known.

    A total that falls has rolled over if that makes the step a small one; otherwise it was reset or is another meter
    now. Then nobody knows what flowed: no step is made up, and the flag says that the sum is a lower bound.
    """

    def __init__(self, modulus: float | None = None) -> None:
        self._modulus = modulus
        self._last: float | None = None

    def step(self, total: float) -> tuple[float | None, Quality]:
        """The growth since the value before, None after the first one and a reset; and how sure that is."""
        last, self._last = self._last, total
        if last is None:
            return None, GOOD
        if total >= last:
            return total - last, GOOD
        if self._modulus is not None and 0 <= (step := total + self._modulus - last) <= ROLLED * self._modulus:
            return step, GOOD
        return None, FELL
