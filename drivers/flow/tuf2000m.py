"""TUF-2000M ultrasonic flow and heat meter (user manual, chapter 7.1; registers there are counted from 1)."""

import struct

from drivers.driver import Measurement
from drivers.errors import BadData
from drivers.modbus import PROTOCOL, ModbusDriver, number
from drivers.quality import NONE, Reason
from drivers.quantity import Quantity

GJ = 1e6 / 3600
FLOATS = {"flow": (1, 1.0), "power": (3, GJ), "speed_flow": (5, 1.0), "speed_sound": (7, 1.0)}
CELSIUS = {"temperature_supply": (33, 1.0), "temperature_return": (35, 1.0)}
VOLUMES, ENERGIES = {"volume_positive": 9, "volume_negative": 13}, {"energy_positive": 17, "energy_negative": 21}
M3 = {0: 1.0, 1: 0.001, 2: 0.003785411784}  # in m3, litre, US gallon
KWH = {0: GJ, 1: 4.1868 / 3600, 2: 1.0, 3: 1.05505585 / 3600}  # in GJ, kcal, kWh, BTU
BROKEN, COLD = 0b0100_1111_0001_0000, 1 << 12  # of register 72: hardware, memories, clock, timer; temperature circuit


class TUF2000M(ModbusDriver):
    """RS-485, 9600 baud, unit 1 (menu 46). Leaves the factory speaking Modbus ASCII: set RTU in menu 63, or the option.

    Flow and power are INCONSISTENT while it reports an error, a quality below 60 or a travel time ratio off by 3 %.
    """

    grade = "R"
    measures = (
        Quantity("flow", "m3/h", -20000, 20000, 4),
        Quantity("speed_flow", "m/s", -12, 12, 4),
        Quantity("speed_sound", "m/s", 1000, 2000, 1),
        Quantity("power", "kW", -1e6, 1e6, 2),
        *(Quantity(name, "Cel", -50, 200, 2) for name in CELSIUS),
        *(Quantity(name, "m3", -1e10, 1e10, 3) for name in VOLUMES),
        *(Quantity(name, "kWh", -1e13, 1e13, 2) for name in ENERGIES),
    )
    options = (PROTOCOL,)

    def prepare(self) -> None:
        """Registers 1437 to 1441: what one count of the totals is worth, in m3 and in kWh."""
        _, unit, n, energy_n, energy_unit = struct.unpack(">5H", self.modbus.read(1436, 5))
        if unit not in M3 or energy_unit not in KWH or n > 7 or energy_n > 10:
            raise BadData(f"units {unit} and {energy_unit} or multipliers {n} and {energy_n} are not known here")
        self.worth = M3[unit] * 10.0 ** (n - 3), KWH[energy_unit] * 10.0 ** (energy_n - 4)

    def read(self) -> Measurement:
        """Registers 1 to 100 in two questions; a total is a whole number and a fraction."""
        data = self.modbus.read(0, 60) + self.modbus.read(60, 40)
        values = {name: at(data, register) * scale for name, (register, scale) in (FLOATS | CELSIUS).items()}
        for totals, worth in zip((VOLUMES, ENERGIES), self.worth, strict=True):
            values |= {name: (at(data, reg, "i32") + at(data, reg + 2)) * worth for name, reg in totals.items()}
        errors, quality = int(at(data, 72, "u16")), int(at(data, 92, "u16")) & 0xFF
        reason = Reason.INCONSISTENT if errors or quality < 60 or not 97 <= at(data, 97) <= 103 else NONE
        flags = dict.fromkeys(FLOATS, reason | (Reason.SENSOR_FAULT if errors & BROKEN else NONE))
        flags |= dict.fromkeys(CELSIUS, Reason.SENSOR_FAULT if errors & COLD else NONE)
        return Measurement(values, {name: flag for name, flag in flags.items() if flag})


def at(data: bytes, register: int, kind: str = "f32") -> float:
    """The number at a printed register; of two words the low one comes first."""
    return number(data[2 * register - 2 :][: 2 if kind == "u16" else 4], kind, "CDAB")
