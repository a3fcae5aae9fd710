"""A wall clock that can be stepped, as a person or a bad time server steps the real one."""

from edge.clock import SystemWall, Wall


class SteppedWall:
    """The kernel's clock with an offset; once stepped it counts as not synchronised, as in the kernel."""

    def __init__(self, wall: Wall | None = None) -> None:
        self._wall = wall or SystemWall()
        self.offset = 0.0

    def step(self, seconds: float) -> float:
        """Jumps; returns how far it is off by now."""
        self.offset += seconds
        return self.offset

    def utc(self) -> int:
        """Nanoseconds since 1970, as wrong as it was stepped."""
        return self._wall.utc() + round(self.offset * 1e9)

    def error(self) -> float | None:
        """As the kernel has it: setting the time clears the synchronisation."""
        return None if self.offset else self._wall.error()
