"""Flow meters that give pulses: hall turbines such as YF-S201, reed and optical outputs of water meters."""

from collections.abc import Mapping
from typing import Any

from drivers.bus import Pulses, Wire
from drivers.driver import Driver, Measurement, Timing
from drivers.errors import NoData
from drivers.option import Option
from drivers.pulses import doubts, interpolated, paired
from drivers.quality import NONE, Reason
from drivers.quantity import Quantity

NOISE = 1.2  # times the highest flow: more is electrical noise, not water


class PulseFlow(Driver):
    """Flow over the time that really passed, volume and pulses since the meter was mounted.

    The factor stands on the label (YF-S201: 450 pulses per litre). ``memory["pulses"]`` carries the count over
    a restart, so ``volume`` never falls; with ``table`` ``memory["volume"]`` does, and takes ``offset`` but once.
    """

    bus: Pulses
    wire = Wire("gpio")
    measures = (
        Quantity("flow", "L/min", 0, 100_000, 3),
        Quantity("volume", "L", 0, 1e12, 3),
        Quantity("pulses", "count", 0, 1e15),
    )
    timing = Timing(interval=10.0)
    totals = ("pulses", "volume")
    options = (
        Option("pulses_per_litre", float, 450.0, "factor on the label of a turbine", "1/L", low=1e-6),
        Option("litres_per_pulse", float, None, "factor on the label of a water meter; wins when given", "L", low=1e-6),
        Option("table", list, None, "pulses/s, L/min, pulses/s, L/min ... ascending, in place of a factor"),
        Option("debounce", "duration", 0.0, "shortest rest between two pulses: reed 5 to 50 ms, hall 0", "s", 0, 1),
        Option("offset", float, 0.0, "index of the meter when it was mounted", "L", low=0),
        Option("q_max", float, None, "highest flow of the meter; 1.2 times as much is flagged", "L/min", low=0),
    )

    @classmethod
    def measured(cls, options: Mapping[str, Any]) -> tuple[Quantity, ...]:
        """Refuses a table that does not ascend."""
        paired(options.get("table") or ())
        return cls.measures

    def read(self) -> Measurement:
        """Edges since the last call, over the seconds since then."""
        edges, seconds = self.bus.take()
        pulses = self.memory["pulses"] = self.memory.get("pulses", 0.0) + edges
        if seconds <= 0:
            raise NoData("no time has passed since the last reading")
        litres = self.set["litres_per_pulse"] or 1 / self.set["pulses_per_litre"]
        flow, volume, most = edges * litres / seconds * 60, pulses * litres + self.set["offset"], self.set["q_max"]
        if points := paired(self.set["table"] or ()):
            flow = interpolated(points, edges / seconds)
            volume = self.memory["volume"] = self.memory.get("volume", self.set["offset"]) + flow * seconds / 60
        values = {"flow": flow, "volume": volume, "pulses": pulses}
        return Measurement(values, doubts(self.bus, values, Reason.RATE if most and flow > NOISE * most else NONE))
