"""Cup anemometers with a reed or hall contact: SparkFun and Misol 0.667 m/s a hertz, Davis 6410 1.006, RS-FSJT 1.75."""

from typing import Any

from drivers.bus import Pulses, Wire
from drivers.driver import Driver, Measurement, Timing
from drivers.errors import NoData
from drivers.option import Option
from drivers.pulses import doubts
from drivers.quality import NONE, Reason
from drivers.quantity import Quantity

STRONGEST = 75.0  # m/s; more is electrical noise


class Anemometer(Driver):
    """Mean wind speed over the time that really passed; read it each 3 s, and its highest value is the gust (WMO)."""

    wire = Wire("gpio")
    measures = (Quantity("wind_speed", "m/s", 0, STRONGEST, 2),)
    timing = Timing(interval=3.0)
    options = (
        Option("factor", float, 0.667, "m/s for one pulse a second", "m/s", low=0.01, high=100),
        Option("offset", float, 0.0, "what it takes to turn the cups, added while they turn", "m/s", 0, 5),
        Option("debounce", "duration", 0.002, "shortest rest between two pulses: 1 to 5 ms", "s", 0, 1),
    )

    def __init__(self, bus: Pulses, **options: Any) -> None:
        """``bus`` counts the pulses, debounced."""
        super().__init__(bus, **options)
        self.line = bus

    def read(self) -> Measurement:
        """Pulses since the last call, over the seconds since then."""
        edges, seconds = self.line.take()
        if seconds <= 0:
            raise NoData("no time has passed since the last reading")
        speed = edges / seconds * self.set["factor"] + (self.set["offset"] if edges else 0.0)
        reason = Reason.RATE if speed > STRONGEST else NONE
        return Measurement({"wind_speed": speed}, doubts(self.line, ("wind_speed",), reason))
