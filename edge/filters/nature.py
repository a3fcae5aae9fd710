"""How each quantity behaves, as far as a check needs to know: the one table behind the defaults of the flaggers."""

from functools import lru_cache
from typing import NamedTuple

HOUR = 3600.0


class Nature(NamedTuple):
    """What a healthy sensor at an ordinary place shows; all in the unit of the quantity, all times in seconds.

    ``clips``: the limits of the data sheet at which a value is not measured but cut off: low, high, both or never.
    ``jump``: what it does not jump by within a minute; None where a jump may be true (a valve, a shower, a shout).
    ``holds``: the longest time over which a jump still proves anything.
    ``still``: the longest that it stays within its last digit; None where it may stay for ever.
    ``resting``: the value at which it may stay all the same.
    """

    clips: str = "never"
    jump: float | None = None
    holds: float = 0.0
    still: float | None = None
    resting: float | None = None


# Jumps of air: the step test in WMO's guidelines on quality control for automatic weather stations (temperature 3 Cel,
# humidity 10 %, wind 20 m/s; pressure 0.5 hPa, here four times as much, because a door that slams or a gust at a node
# without a pressure port is no fault). The others: what a plume, a breath, a dose or a wave does not do to a probe.
NATURES: dict[str, Nature] = {
    "temperature": Nature("both", 3.0, 600.0, 3 * HOUR),
    "temperature_supply": Nature("both", still=12 * HOUR),  # of a pipe: a valve opens
    "temperature_return": Nature("both", still=12 * HOUR),
    "humidity": Nature("never", 10.0, 120.0, 3 * HOUR, 100.0),  # in fog the sensor stays at its end
    "pressure": Nature("both", 2.0, 600.0, 3 * HOUR),
    "pressure_water": Nature("both", 50.0, 120.0, 6 * HOUR),
    "rain": Nature(resting=0.0),
    "speed": Nature(resting=0.0),
    "wind_speed": Nature("high", 20.0, 60.0, 3 * HOUR, 0.0),
    "sound_level": Nature("high", still=0.5 * HOUR),
    "pm1": Nature("high", 150.0, 60.0, 3 * HOUR, 0.0),  # a passing lorry is true; clean air is 0 for hours
    "pm2_5": Nature("high", 150.0, 60.0, 3 * HOUR, 0.0),
    "pm4": Nature("high", 150.0, 60.0, 3 * HOUR, 0.0),
    "pm10": Nature("high", 300.0, 60.0, 3 * HOUR, 0.0),
    "pm100": Nature("high", 1000.0, 60.0, 3 * HOUR, 0.0),
    **dict.fromkeys(("n0_3", "n0_5", "n1", "n2_5", "n4", "n5", "n10"), Nature("high", still=3 * HOUR, resting=0.0)),
    "co2": Nature("high", 1000.0, 120.0, 3 * HOUR, 400.0),  # 400: the floor of those that calibrate themselves
    "co2_equivalent": Nature("high"),  # of a gas sensor: anything, and 400 for days
    "co": Nature("high", 5000.0, 60.0, 3 * HOUR, 0.0),
    **dict.fromkeys(("no2", "so2", "o3"), Nature("high", 300.0, 60.0, 3 * HOUR, 0.0)),
    "formaldehyde": Nature("high", 0.5, 60.0, 3 * HOUR, 0.0),
    **dict.fromkeys(("voc_raw", "nox_raw"), Nature("both", still=3 * HOUR)),
    "gas_resistance": Nature("never", still=3 * HOUR),
    "water_temperature": Nature("both", 2.0, 600.0, 12 * HOUR),  # a DS18B20 shows steps of 0.0625
    "ph": Nature("both", 1.0, 300.0, 6 * HOUR),
    "orp": Nature("both", 100.0, 300.0, 6 * HOUR),
    "conductivity": Nature("high", 300.0, 300.0, 6 * HOUR),  # 0 for hours is a dry probe
    "tds": Nature("high", 200.0, 300.0, 6 * HOUR),
    "salinity": Nature("high", 1.0, 300.0, 6 * HOUR, 0.0),
    "chlorine": Nature("high", 0.5, 60.0, 6 * HOUR, 0.0),
    "dissolved_oxygen": Nature("high", 1.0, 300.0, 6 * HOUR, 0.0),
    "oxygen_saturation": Nature("high", 10.0, 300.0, 6 * HOUR, 0.0),
    "turbidity": Nature("high", 50.0, 60.0, 6 * HOUR, 0.0),  # a plume of mud passes within a minute
    "chlorophyll": Nature("high", 20.0, 300.0, 6 * HOUR, 0.0),
    "level": Nature("high", 0.3, 120.0, 6 * HOUR, 0.0),  # 0: a dry bed
    "distance": Nature("both", 300.0, 120.0, 12 * HOUR),  # quiet water
    "flow": Nature("high", still=6 * HOUR, resting=0.0),
    "power": Nature("high", still=6 * HOUR, resting=0.0),
    "latitude": Nature("never", 0.002, 15.0),  # 200 m; a receiver that holds a fixed position may stand still
    "longitude": Nature("never", 0.002, 15.0),
    "altitude": Nature("never", 100.0, 15.0),
    "height": Nature("never", 100.0, 15.0),
}
UNKNOWN = Nature()


@lru_cache(maxsize=512)
def nature(name: str) -> Nature:
    """Of a quantity; ``pm2_5_cf1`` as ``pm2_5``. One that is not listed may do anything within its limits."""
    while name:
        if name in NATURES:
            return NATURES[name]
        name = name.rpartition("_")[0]
    return UNKNOWN
