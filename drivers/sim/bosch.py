"""What simulated Bosch BME sensors share: registers, and samples that the formulas turn into a wanted value."""

from bisect import bisect_left
from collections.abc import Callable

from drivers.sim.time import Time


class Registers:
    """256 cells; one byte written sets the place to read from, more are pairs of place and value."""

    def __init__(self, time: Time) -> None:
        self.time = time
        self.ready = 0.0
        self.cells = bytearray(256)
        self._place = 0

    def put(self, place: int, data: bytes) -> None:
        """Fills cells."""
        self.cells[place : place + len(data)] = data

    def write(self, data: bytes, at: float) -> None:
        """A place, or pairs."""
        self._place = data[0]
        for place, value in zip(data[::2], data[1::2], strict=False):
            self.cells[place] = value
            self.written(place, value, at)

    def read(self, size: int, at: float) -> bytes:
        """Cells from the place on."""
        self.settle()
        return bytes(self.cells[self._place : self._place + size])

    def written(self, place: int, value: int, at: float) -> None:
        """Hook: a cell was written."""

    def settle(self) -> None:
        """Hook: someone reads; what took its time may be over."""


def sample(formula: Callable[[int], float], wanted: float, bits: int = 20) -> int:
    """The sample for which a rising formula gives the value."""
    return bisect_left(range(1 << bits), wanted, key=formula)


def falling(formula: Callable[[int], float], wanted: float) -> int:
    """The sample of 20 bits for which a falling formula gives the value."""
    return sample(lambda raw: -formula(raw), -wanted)


def three(raw: int) -> bytes:
    """20 bits in three bytes, the rest zero."""
    return (raw << 4).to_bytes(3, "big")
