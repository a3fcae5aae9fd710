"""The gauge's side of a Hydreon RG-15."""

from drivers.sim.buses import SimStream, wave
from drivers.sim.faults import Faults
from drivers.sim.time import Time


class Gauge:
    """Says that it has power, acknowledges its settings, answers ``R``; the total lives as long as the gauge."""

    period = 1.0

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._greeting = b"PwrDays 12\r\n"
        self._at = faults.scene()
        self._total = self._told = 0.0

    def frame(self, at: float) -> bytes:
        """The line of the start, once."""
        greeting, self._greeting = self._greeting, b""
        return greeting

    def receive(self, data: bytes) -> bytes:
        """Letters, each in a line."""
        return b"".join(self._obey(letter) for letter in data.split(b"\n") if letter)

    def _obey(self, letter: bytes) -> bytes:
        if letter != b"R":
            return letter.lower() + b"\r\n"
        now, rate = self._faults.scene(), wave(self._faults.scene(), 0.0, 12.0, 1200)
        self._total += max(0.0, now - self._at) * rate / 3600
        self._at, told = now, self._told
        self._told = self._total
        text = f"Acc  {self._total - told:.2f} mm, EventAcc  {self._total:.2f} mm, TotalAcc  {self._total:.2f} mm"
        return f"{text}, RInt  {rate:.2f} mmph\r\n".encode()


def simulator(time: Time, faults: Faults) -> SimStream:
    """A gauge in the rain."""
    return SimStream(time, faults, Gauge(faults))
