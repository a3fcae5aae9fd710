"""From volts at an analog input to what the sensor behind it measures: a table of sensors, and their arithmetic."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from drivers.option import Option
from drivers.quality import NONE, Reason
from drivers.quantity import Quantity

Set = Mapping[str, Any]
Converted = tuple[dict[str, float], Reason]

OPTIONS = (
    Option("shunt", float, 150.0, "current, level: the resistor that the loop flows through", "Ohm", 1, 1000),
    Option("range_low", float, 0.0, "level: at 4 mA", "m"),
    Option("range_high", float, 10.0, "level: at 20 mA", "m"),
    Option("neutral_mv", float, 1500.0, "dfrobot_ph: in a buffer of pH 7", "mV", 1200, 1800),
    Option("acid_mv", float, 2032.44, "dfrobot_ph: in a buffer of pH 4", "mV", 1801, 3000),
    Option("temperature", float, 25.0, "dfrobot_ec, dfrobot_tds: of the water", "Cel", -5, 60),
    Option("k_low", float, 1.0, "dfrobot_ec: cell factor, calibrated at 1.413 mS/cm", "", 0.5, 1.5),
    Option("k_high", float, 1.0, "dfrobot_ec: cell factor, calibrated at 12.88 mS/cm", "", 0.5, 1.5),
    Option("tds_factor", float, 0.5, "dfrobot_tds: mg/L in each uS/cm", "", 0.1, 1),
)
K_HIGH_ABOVE = 2.5  # mS/cm
DIRTY, CLEAR = 2.5, 4.2  # volts between which the turbidity curve holds


def current(volts: float, shunt: float) -> float:
    """The mA through a resistor (Ohm)."""
    return 1000 * volts / shunt


def scaled(milliamperes: float, low: float, high: float) -> float:
    """What a 4 to 20 mA transmitter with this range means."""
    return low + (milliamperes - 4) / 16 * (high - low)


def namur(milliamperes: float) -> Reason:
    """NE43: 4 to 20 mA is the range, 3.8 to 20.5 is still measured, beyond is a fault or a broken wire."""
    rounded = round(milliamperes, 2)
    if not 3.8 <= rounded <= 20.5:
        return Reason.SENSOR_FAULT
    return NONE if 4 <= rounded <= 20 else Reason.SATURATED


def dfrobot_ph(millivolts: float, neutral: float, acid: float) -> float:
    """The pH by the line through two buffers, pH 7 and pH 4 (DFRobot SEN0161-V2); the board has no compensation."""
    return 7 + 3 * (neutral - millivolts) / (acid - neutral)


def dfrobot_ec(millivolts: float, celsius: float, k_low: float, k_high: float) -> float:
    """mS/cm at 25 Cel (DFRobot DFR0300: 820 Ohm, gain 200, 1.85 % a degree)."""
    raw = 1000 * millivolts / 820 / 200
    value = raw * (k_high if raw * k_low > K_HIGH_ABOVE else k_low)
    return value / (1 + 0.0185 * (celsius - 25))


def dfrobot_tds(volts: float, celsius: float, factor: float) -> float:
    """mg/L (DFRobot SEN0244: a cubic curve, 2 % a degree)."""
    v = volts / (1 + 0.02 * (celsius - 25))
    return (133.42 * v**3 - 255.86 * v**2 + 857.39 * v) * factor


def dfrobot_turbidity(volts: float) -> float:
    """NTU at 5 V supply between ``DIRTY`` and ``CLEAR``, held at the ends beyond (DFRobot SEN0189); indicative only."""
    v = min(max(volts, DIRTY), CLEAR)
    return -1120.4 * v**2 + 5742.3 * v - 4352.9


def _voltage(volts: float, given: Set) -> Converted:
    return {"voltage": volts}, NONE


def _current(volts: float, given: Set) -> Converted:
    flows = current(volts, given["shunt"])
    return {"current": flows}, namur(flows)


def _level(volts: float, given: Set) -> Converted:
    flows = current(volts, given["shunt"])
    return {"level": scaled(flows, given["range_low"], given["range_high"]), "current": flows}, namur(flows)


def _ph(volts: float, given: Set) -> Converted:
    return {"ph": dfrobot_ph(1000 * volts, given["neutral_mv"], given["acid_mv"])}, NONE


def _ec(volts: float, given: Set) -> Converted:
    value = dfrobot_ec(1000 * volts, given["temperature"], given["k_low"], given["k_high"])
    return {"conductivity": 1000 * value}, NONE


def _tds(volts: float, given: Set) -> Converted:
    return {"tds": dfrobot_tds(volts, given["temperature"], given["tds_factor"])}, NONE


def _turbidity(volts: float, given: Set) -> Converted:
    return {"turbidity": dfrobot_turbidity(volts)}, NONE if DIRTY < volts < CLEAR else Reason.SATURATED


class Sensor(NamedTuple):
    """What is behind an input: its quantities, and how they come out of volts and options."""

    measures: tuple[Quantity, ...]
    convert: Callable[[float, Set], Converted]


CURRENT = Quantity("current", "mA", 3.8, 20.5, 3)
SENSORS = {
    "voltage": Sensor((Quantity("voltage", "V", -100, 100, 4),), _voltage),
    "current": Sensor((CURRENT,), _current),
    "level": Sensor((Quantity("level", "m", -100, 1000, 3), CURRENT), _level),
    "dfrobot_ph": Sensor((Quantity("ph", "pH", 0, 14, 2),), _ph),
    "dfrobot_ec": Sensor((Quantity("conductivity", "uS/cm", 0, 20_000, 0),), _ec),
    "dfrobot_tds": Sensor((Quantity("tds", "mg/L", 0, 1000, 0),), _tds),
    "dfrobot_turbidity": Sensor((Quantity("turbidity", "NTU", 0, 3001, 0),), _turbidity),
}
