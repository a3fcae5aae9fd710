"""Rain gauges with a tipping bucket and a reed contact: 0.2 mm (Davis), 0.2794 mm (SparkFun), 0.3 mm (Misol)."""

from typing import Any

from drivers.bus import Pulses, Wire
from drivers.driver import Driver, Measurement, Timing
from drivers.option import Option
from drivers.pulses import doubts
from drivers.quality import NONE, Reason
from drivers.quantity import Quantity

CLOUDBURST = 300.0  # mm/h; more is a contact that bounces, or a hand in the funnel


class RainBucket(Driver):
    """Rain since the last reading, and rain and tips since the gauge was mounted.

    ``memory["pulses"]`` carries the tips over a restart, so ``rain_total`` never falls.
    """

    wire = Wire("gpio")
    measures = (
        Quantity("rain", "mm", 0, 1000, 2),
        Quantity("rain_total", "mm", 0, 1e9, 2),
        Quantity("pulses", "count", 0, 1e15),
    )
    timing = Timing(interval=60.0)
    totals = ("pulses",)
    options = (
        Option("mm_per_tip", float, 0.2, "rain that tips the bucket", "mm", low=0.001, high=10),
        Option("debounce", "duration", 0.1, "shortest rest between two tips: 50 to 200 ms", "s", 0, 1),
    )

    def __init__(self, bus: Pulses, **options: Any) -> None:
        """``bus`` counts the tips, debounced."""
        super().__init__(bus, **options)
        self.line = bus

    def read(self) -> Measurement:
        """Tips since the last call; the first of them may have been filling for long, so it has no rate."""
        tips, seconds = self.line.take()
        total = self.memory["pulses"] = self.memory.get("pulses", 0.0) + tips
        depth = self.set["mm_per_tip"]
        values = {"rain": tips * depth, "rain_total": total * depth, "pulses": total}
        flood = (tips - 1) * depth * 3600 > CLOUDBURST * max(seconds, 0)
        return Measurement(values, doubts(self.line, values, Reason.RATE if flood else NONE))
