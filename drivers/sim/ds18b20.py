"""A Maxim DS18B20 as the kernel's driver w1_therm shows it."""

import errno

from drivers.checks import crc8_maxim
from drivers.sim.buses import SimFiles, wave
from drivers.sim.faults import Faults
from drivers.sim.time import Time

CONVERSION = 0.75  # seconds at 12 bit


class Thermometer:
    """The file ``w1_slave``: two lines with scratchpad, verdict on its CRC, and thousandths of a degree."""

    def __init__(self, time: Time) -> None:
        self._time = time

    def text(self, name: str, at: float, *, noisy: bool) -> str:
        """Converts, then tells; on a disturbed wire bits flip and the verdict is NO."""
        if name != "w1_slave":
            raise OSError(errno.ENOENT, name)
        self._time.wait(CONVERSION)
        raw = round(16 * wave(at, 4, 22, 1800))
        pad = raw.to_bytes(2, "little", signed=True) + bytes((0x4B, 0x46, 0x7F, 0xFF, 0x10 - raw % 16, 0x10))
        crc, verdict = crc8_maxim(pad), "YES"
        if noisy:
            pad, verdict = bytes((pad[0] ^ 0x24,)) + pad[1:], "NO"
        shown = bytes((*pad, crc)).hex(" ")
        return f"{shown} : crc={crc8_maxim(pad):02x} {verdict}\n{shown} t={raw * 1000 // 16}\n"


def simulator(time: Time, faults: Faults) -> SimFiles:
    """A DS18B20 in a river."""
    return SimFiles(time, faults, Thermometer(time))
