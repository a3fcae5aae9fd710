"""What simulated Sensirion chips share: commands and words with their CRC, no acknowledge while busy."""

import errno
from abc import ABC, abstractmethod

from drivers.errors import BadData
from drivers.sensirion import word, words
from drivers.sim.time import Time


class Refused(OSError):
    """No acknowledge."""

    def __init__(self, why: str) -> None:
        super().__init__(errno.EREMOTEIO, why)


class SensirionChip(ABC):
    """Takes a command of ``width`` bytes with its arguments, gives the words of the answer once."""

    width = 2

    def __init__(self, time: Time) -> None:
        self.time = time
        self._free = 0.0
        self._answer = b""

    @abstractmethod
    def obey(self, code: int, arguments: tuple[int, ...], at: float) -> tuple[float, tuple[int, ...]]:
        """Hook: the seconds a command takes, and its answer; raises ``Refused``."""

    def write(self, data: bytes, at: float) -> None:
        """A command; not acknowledged while the last one is carried out, nor with a wrong CRC."""
        if self.time.now() < self._free:
            raise Refused("busy")
        seconds, answer = self.obey(int.from_bytes(data[: self.width], "big"), arguments(data[self.width :]), at)
        self._free = self.time.now() + seconds
        self._answer = b"".join(map(word, answer))

    def read(self, size: int, at: float) -> bytes:
        """The answer, once."""
        if self.time.now() < self._free or not self._answer:
            raise Refused("nothing to say")
        answer, self._answer = self._answer, b""
        return answer[:size].ljust(size, b"\xff")


class PeriodicChip(SensirionChip):
    """One that has a result each ``period`` seconds from the moment it was begun."""

    period: float

    def __init__(self, time: Time) -> None:
        super().__init__(time)
        self._begun: float | None = None
        self._taken = 0  # results that were fetched or missed

    def _results(self) -> int:
        return 0 if self._begun is None else int((self.time.now() - self._begun) / self.period)


def arguments(data: bytes) -> tuple[int, ...]:
    """The words behind a command. Raises ``Refused`` for a wrong CRC."""
    try:
        return words(data) if data else ()
    except BadData as error:
        raise Refused(str(error)) from error


def insist(right: bool) -> None:
    """Acknowledges only what is right. Raises ``Refused``."""
    if not right:
        raise Refused("no acknowledge")


def temperature(celsius: float) -> int:
    """The word of a temperature."""
    return round(0xFFFF * (celsius + 45) / 175)


def humidity(percent: float) -> int:
    """The word of a relative humidity."""
    return round(0xFFFF * percent / 100)
