"""What the Yosemitech models measure and where it stands (user manuals Y504 to Y4000)."""

import math
from collections.abc import Mapping

from drivers.modbus import number
from drivers.quantity import Quantity

TEMPERATURE = Quantity("water_temperature", "Cel", 0, 50, 2)
TURBIDITY = Quantity("turbidity", "NTU", 0, 1000, 2)
CONDUCTIVITY = Quantity("conductivity", "uS/cm", 0, 500_000, 1)
SATURATION, OXYGEN = Quantity("oxygen_saturation", "%", 0, 200, 2), Quantity("dissolved_oxygen", "mg/L", 0, 20, 3)
PH, ORP, CHLOROPHYLL = (
    Quantity("ph", "pH", 2, 12, 2),
    Quantity("orp", "mV", -2000, 2000, 1),
    Quantity("chlorophyll", "ug/L", 0, 500, 2),
)
SCALES = {"oxygen_saturation": 100, "conductivity": 1000}  # sent as a fraction, and in mS/cm
NOTHING = -9999.0

# Blocks of (register, words, floats in them; None is one that has no name here). A fifth word of 0x2600 is the error.
MODELS: Mapping[str, tuple[tuple[int, int, tuple[Quantity | None, ...]], ...]] = {
    "y504": ((0x2600, 6, (TEMPERATURE, SATURATION, OXYGEN)),),
    "y511": ((0x2600, 5, (TEMPERATURE, TURBIDITY)),),
    "y514": ((0x2600, 5, (TEMPERATURE, CHLOROPHYLL)),),
    "y520": ((0x2600, 5, (TEMPERATURE, CONDUCTIVITY)),),
    "y532": ((0x2800, 2, (PH,)), (0x2400, 2, (TEMPERATURE,))),
    "y533": ((0x1200, 2, (ORP,)), (0x2400, 2, (TEMPERATURE,))),
    "y4000": (
        (0x2601, 16, (OXYGEN, TURBIDITY, CONDUCTIVITY, PH, TEMPERATURE, ORP, CHLOROPHYLL, None)),
        (0x0800, 1, ()),
    ),
}
ALIKE = {"y502": "y504", "y510": "y511", "y521": "y520"}
STARTS = {"y504": "read", "y511": "read", "y514": "read", "y520": "write"}


def model(name: str) -> str:
    """The model in ``MODELS`` that speaks as this one does."""
    return ALIKE.get(name, name)


def floats(data: bytes, quantities: tuple[Quantity | None, ...]) -> dict[str, float]:
    """What the floats of a block say; channels without a value are left out."""
    numbers = [number(data[4 * at : 4 * at + 4], "f32", "DCBA") for at in range(len(quantities))]
    return {
        quantity.name: value * SCALES.get(quantity.name, 1)
        for quantity, value in zip(quantities, numbers, strict=True)
        if quantity and value != NOTHING and not math.isnan(value)
    }
