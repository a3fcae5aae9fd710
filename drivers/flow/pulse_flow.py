"""Flow meters that give pulses: hall turbines such as YF-S201, reed and optical outputs of water meters."""

from typing import Any

from drivers.bus import Pulses, Wire
from drivers.driver import Driver, Measurement, Timing
from drivers.errors import NoData
from drivers.option import Option
from drivers.pulses import doubts
from drivers.quality import NONE, Reason
from drivers.quantity import Quantity

NOISE = 1.2  # times the highest flow: more is electrical noise, not water


class PulseFlow(Driver):
    """Flow over the time that really passed, volume and pulses since the meter was mounted.

    The factor stands on the label (YF-S201: 450 pulses per litre). ``memory["pulses"]`` carries the count over
    a restart, so ``volume`` never falls.
    """

    wire = Wire("gpio")
    measures = (
        Quantity("flow", "L/min", 0, 100_000, 3),
        Quantity("volume", "L", 0, 1e12, 3),
        Quantity("pulses", "count", 0, 1e15),
    )
    timing = Timing(interval=10.0)
    totals = ("pulses",)
    options = (
        Option("pulses_per_litre", float, 450.0, "factor on the label of a turbine", "1/L", low=1e-6),
        Option("litres_per_pulse", float, None, "factor on the label of a water meter; wins when given", "L", low=1e-6),
        Option("debounce", "duration", 0.0, "shortest rest between two pulses: reed 5 to 50 ms, hall 0", "s", 0, 1),
        Option("offset", float, 0.0, "index of the meter when it was mounted", "L", low=0),
        Option("q_max", float, None, "highest flow of the meter; 1.2 times as much is flagged", "L/min", low=0),
    )

    def __init__(self, bus: Pulses, **options: Any) -> None:
        """``bus`` counts the edges, debounced."""
        super().__init__(bus, **options)
        self.line = bus

    def read(self) -> Measurement:
        """Edges since the last call, over the seconds since then."""
        edges, seconds = self.line.take()
        pulses = self.memory["pulses"] = self.memory.get("pulses", 0.0) + edges
        if seconds <= 0:
            raise NoData("no time has passed since the last reading")
        litres = self.set["litres_per_pulse"] or 1 / self.set["pulses_per_litre"]
        flow, most = edges * litres / seconds * 60, self.set["q_max"]
        values = {"flow": flow, "volume": pulses * litres + self.set["offset"], "pulses": pulses}
        return Measurement(values, doubts(self.line, values, Reason.RATE if most and flow > NOISE * most else NONE))
