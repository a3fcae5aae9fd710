"""Contacts on a GPIO line: float switch, door, tamper, leak cable."""

from typing import Any

from drivers.bus import Pin, Wire
from drivers.driver import Driver, Timing
from drivers.option import Option
from drivers.quantity import Quantity


class Contact(Driver):
    """1 while the contact is closed (the line is pulled to ground), 0 while it is open.

    A cut wire is an open contact: wire it so that closed means well, and an alarm comes of either.
    """

    wire = Wire("gpio")
    measures = (Quantity("contact", "1", 0, 1),)
    timing = Timing(interval=1.0)
    options = (
        Option("debounce", "duration", 0.05, "how long a state must last: door 50 ms, float 2 to 5 s", "s", 0, 60),
        Option("inverted", bool, False, "1 while the contact is open"),
    )

    def __init__(self, bus: Pin, **options: Any) -> None:
        """``bus`` tells the level, debounced."""
        super().__init__(bus, **options)
        self.line = bus

    def read(self) -> dict[str, float]:
        """The present state."""
        return {"contact": float(self.line.level() != self.set["inverted"])}
