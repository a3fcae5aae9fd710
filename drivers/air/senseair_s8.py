"""Senseair S8, S88 and K30 carbon dioxide sensors ("Modbus on Senseair S8")."""

import struct
from collections.abc import Mapping

from drivers.bus import Wire
from drivers.driver import Measurement, Timing
from drivers.modbus import INPUT, UNITS, ModbusDriver
from drivers.option import Option
from drivers.quality import Reason
from drivers.quantity import Quantity

ABC_PERIOD = 0x1F  # holding register: hours between two corrections of the baseline, 0 = never
FIRMWARE = 0x1C  # input register; the two behind it are the serial number
ANY = 0xFE  # every unit answers to it


class SenseairS8(ModbusDriver):
    """UART, 9600 baud, answers to unit 254 whatever its own is; a value each 2 to 4 s, two minutes of warm-up.

    Any bit of the meter status (fatal, offset, algorithm, output, self-test, out of range, memory) is a fault.
    """

    wire = Wire("port", baud=9600, addresses=(ANY, *UNITS), shared=True)
    measures = (Quantity("co2", "ppm", 300, 10000),)
    timing = Timing(warmup=120.0, interval=4.0)
    options = (
        Option("abc", "duration", None, "pace of the baseline correction, 0 = off; else as it is", "s", 0, 17280000),
    )

    def prepare(self) -> None:
        """Sets the period of the baseline correction, if one is configured and another is set."""
        if self.set["abc"] is None:
            return
        hours = round(self.set["abc"] / 3600)
        if self.modbus.read(ABC_PERIOD, 1) != hours.to_bytes(2, "big"):
            self.modbus.write(ABC_PERIOD, hours)

    def identity(self) -> Mapping[str, str]:
        """Firmware and serial number; an old or a foreign one may refuse."""
        major, minor, serial = struct.unpack(">BBI", self.modbus.read(FIRMWARE, 3, INPUT))
        return {"serial": f"{serial:08x}", "firmware": f"{major}.{minor}"}

    def read(self) -> Measurement:
        """Input registers 0 to 3: meter status, alarm status, output status, ppm."""
        status, _, _, co2 = struct.unpack(">HHHh", self.modbus.read(0, 4, INPUT))
        return Measurement({"co2": co2}, {"co2": Reason.SENSOR_FAULT} if status else {})
