"""What a simulated fleet does, and when. Times are those of the fleet; ``speed`` is how much faster they pass."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """One simulation. Seconds; ``cut`` is when the link of all nodes goes and when it is back."""

    host: str
    port: int
    nodes: int
    interval: float  # between two readings of a node
    ramp: float  # within which the nodes start
    cut: tuple[float, float] | None
    end: float  # the last readings are taken
    settle: float  # that may pass until all have arrived
    speed: float
    prefix: str

    def real(self, seconds: float) -> float:
        """How long that takes on the clock of this machine."""
        return seconds / self.speed

    def name(self, number: int) -> str:
        """The id of a node."""
        return f"{self.prefix}-{number:04d}"
