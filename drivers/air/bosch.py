"""What the Bosch BME sensors share: registers, 20-bit samples, and limits that their formulas do not respect."""

from collections.abc import Iterable, Mapping

from drivers.driver import I2CDriver, Measurement
from drivers.errors import BadData
from drivers.quality import Reason
from drivers.quantity import Quantity

SKIPPED20, SKIPPED16 = 0x80000, 0x8000  # what stands where nothing was measured; the formulas make fair weather of it

RESET = b"\xe0\xb6"

CLIMATE = (
    Quantity("temperature", "Cel", -40, 85, 2),
    Quantity("pressure", "hPa", 300, 1100, 2),
    Quantity("humidity", "%RH", 0, 100, 2),
)


class Chip(I2CDriver):
    """What all of them obey."""

    def reset(self) -> None:
        """As after power-on, in 2 ms (BME280) or 10 ms (BME680)."""
        self.transfer(RESET, pause=0.01)


def registers(chip: I2CDriver, first: int, size: int) -> bytes:
    """The registers from ``first`` on. Raises ``BadData`` for a short answer, or one of ones or zeros throughout."""
    got = chip.transfer(bytes((first,)), size)
    if len(got) != size or (size > 1 and len(set(got)) == 1 and got[0] in (0x00, 0xFF)):
        raise BadData(f"registers from 0x{first:02x} on: {got.hex(' ') or 'nothing'}")
    return got


def sample20(part: bytes) -> int:
    """A sample out of three bytes. Raises ``BadData`` when there is none, or when bits are set that never are."""
    value, rest = divmod(int.from_bytes(part, "big"), 16)
    if rest or value in (0, SKIPPED20):
        raise BadData(f"{part.hex(' ')} is no sample")
    return value


def sample16(part: bytes) -> int:
    """A sample out of two bytes. Raises ``BadData`` when there is none."""
    value = int.from_bytes(part, "big")
    if value == SKIPPED16:
        raise BadData(f"{part.hex(' ')} is no sample")
    return value


def inside(values: Mapping[str, float], limits: Iterable[Quantity]) -> Measurement:
    """The values, kept within the limits and flagged where they met one."""
    kept = {it.name: min(max(values[it.name], it.low), it.high) for it in limits if it.name in values}
    return Measurement(kept, {name: Reason.SATURATED for name, value in kept.items() if value != values[name]})
