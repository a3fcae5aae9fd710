"""What can be wrong with a simulated device, and from when to when."""

import math

from drivers.sim.time import Time

KINDS = ("silent", "garbage", "freeze", "unplug")


class Faults:
    """The state of health of one simulated device; outlives the bus, so an unplugged device stays unplugged."""

    def __init__(self, time: Time, kind: str | None = None, after: float = 0.0, length: float = math.inf) -> None:
        """``kind`` begins ``after`` seconds from now and lasts ``length`` seconds."""
        self._time = time
        self._kind = kind
        self._from = time.now() + after
        self._to = self._from + length

    def hurt(self, kind: str, length: float = math.inf) -> None:
        """Begins a fault now. Raises ``ValueError`` for an unknown one."""
        if kind not in KINDS:
            raise ValueError(f"a simulator has no fault {kind!r}; it knows {', '.join(KINDS)}")
        self._kind, self._from = kind, self._time.now()
        self._to = self._from + length

    def heal(self) -> None:
        """Ends whatever is wrong."""
        self._kind = None

    def now(self) -> str | None:
        """The fault of this moment."""
        return self._kind if self._from <= self._time.now() < self._to else None

    def scene(self) -> float:
        """The moment whose world the device sees: now, or when it froze."""
        return self._from if self.now() == "freeze" else self._time.now()
