"""The probe's side of the Yosemitech protocol."""

import struct
from collections.abc import Mapping

from drivers.sim.buses import wave
from drivers.sim.faults import Faults
from drivers.sim.modbus import SimLine, Slave, spread
from drivers.sim.time import Time
from drivers.water.yosemitech_models import MODELS, SCALES, STARTS, model

OFTEN = {  # low and high of the world each channel sees
    "water_temperature": (8, 18),
    "turbidity": (3, 40),
    "conductivity": (320, 540),
    "oxygen_saturation": (70, 105),
    "dissolved_oxygen": (7, 11),
    "ph": (7.1, 8.2),
    "orp": (180, 260),
    "chlorophyll": (2, 14),
}


class Probe(Slave):
    """Optical models measure after a start: a read or a write of no registers."""

    def __init__(self, name: str) -> None:
        super().__init__(self._words)
        self._blocks = MODELS[name]
        self._measuring = name not in STARTS

    def reply(self, pdu: bytes, at: float) -> bytes:
        """As any slave, but for the start."""
        if pdu[:5] in (b"\x03\x25\x00\x00\x00", b"\x10\x1c\x00\x00\x00"):
            self._measuring = True
            return b"\x03\x00" if pdu[0] == 3 else pdu[:5]
        return super().reply(pdu, at)

    def _words(self, function: int, at: float) -> Mapping[int, int]:
        words: dict[int, int] = {}
        for register, count, quantities in self._blocks:
            names = [quantity.name if quantity else "" for quantity in quantities]
            data = b"".join(struct.pack("<f", self._value(name, at)) for name in names)
            words |= spread(register, data.ljust(2 * count, b"\0"))
        return words

    def _value(self, name: str, at: float) -> float:
        low, high = OFTEN.get(name, (0, 1))
        return wave(at, low, high, 1200) / SCALES.get(name, 1) if self._measuring else 0.0


def simulator(time: Time, faults: Faults, kind: str = "y511") -> SimLine:
    """A probe of this model in a river."""
    return SimLine(time, faults, Probe(model(kind)))
