"""What can be measured: names, units (UCUM codes) and limits."""

from dataclasses import dataclass

# One name means one thing on every node of a city; where two units are allowed, the device decides.
CATALOGUE: dict[str, tuple[str, ...]] = {
    "latitude": ("deg",),
    "longitude": ("deg",),
    "altitude": ("m",),
    "height": ("m",),
    "speed": ("m/s",),
    "course": ("deg",),
    "hdop": ("1",),
    "pdop": ("1",),
    "satellites": ("count",),
    "fix": ("1",),
    "fix_quality": ("1",),
    "utc": ("s",),
    "clock_offset": ("s",),
    "pm1": ("ug/m3",),
    "pm2_5": ("ug/m3",),
    "pm4": ("ug/m3",),
    "pm10": ("ug/m3",),
    "pm100": ("ug/m3",),
    "n0_3": ("1/cm3",),
    "n0_5": ("1/cm3",),
    "n1": ("1/cm3",),
    "n2_5": ("1/cm3",),
    "n4": ("1/cm3",),
    "n5": ("1/cm3",),
    "n10": ("1/cm3",),
    "typical_size": ("um",),
    "formaldehyde": ("mg/m3",),
    "co2": ("ppm",),
    "temperature": ("Cel",),
    "humidity": ("%RH",),
    "dew_point": ("Cel",),
    "absolute_humidity": ("g/m3",),
    "pressure": ("hPa",),
    "gas_resistance": ("Ohm",),
    "tvoc": ("ppb",),
    "voc_index": ("1",),
    "nox_index": ("1",),
    "voc_raw": ("1",),
    "nox_raw": ("1",),
    "co": ("ppb", "ug/m3"),
    "no2": ("ppb", "ug/m3"),
    "so2": ("ppb", "ug/m3"),
    "o3": ("ppb", "ug/m3"),
    "sound_level": ("dB",),
    "flow": ("L/min", "m3/h"),
    "discharge": ("m3/s",),
    "volume": ("L", "m3"),
    "pulses": ("count",),
    "rain": ("mm",),
    "wind_speed": ("m/s",),
    "wind_direction": ("deg",),
    "energy": ("kWh",),
    "power": ("kW",),
    "water_temperature": ("Cel",),
    "ph": ("pH",),
    "orp": ("mV",),
    "conductivity": ("uS/cm",),
    "tds": ("mg/L",),
    "salinity": ("PSU",),
    "chlorine": ("mg/L",),
    "dissolved_oxygen": ("mg/L",),
    "oxygen_saturation": ("%",),
    "turbidity": ("NTU",),
    "chlorophyll": ("ug/L",),
    "level": ("m",),
    "distance": ("mm",),
    "voltage": ("V",),
    "current": ("mA",),
    "contact": ("1",),
    "alarm": ("1",),
}


# Totals only grow; one that falls has rolled over, was reset, or belongs to another meter.
TOTALS = ("volume", "pulses", "energy")


@dataclass(frozen=True, slots=True)
class Quantity:
    """One thing a device measures.

    ``unit`` is a UCUM code, ``low`` and ``high`` are the limits of the data sheet in that unit
    (outside them a value is wrong, not extreme), ``decimals`` is the resolution worth showing. One that is not
    measured but ``made`` of others need not be in the catalogue.
    """

    name: str
    unit: str
    low: float
    high: float
    decimals: int = 0
    made: bool = False

    def __post_init__(self) -> None:
        if not self.made and self.unit not in units(self.name):
            raise ValueError(f"quantity {self.name!r} is not measured in {self.unit!r} but in {units(self.name)}")


def is_total(name: str) -> bool:
    """Whether a quantity only grows; ``volume_reverse`` does as ``volume`` does, ``rain_total`` unlike ``rain``."""
    return (name.split("_")[0] in TOTALS and not name.endswith("_increment")) or name.endswith("_total")


def units(name: str) -> tuple[str, ...]:
    """The units allowed for a quantity; ``temperature_supply`` and ``pm2_5_cf1`` follow the name they begin with.

    Raises ``ValueError`` for a name outside the catalogue.
    """
    stem = name
    while stem:
        if stem in CATALOGUE:
            return CATALOGUE[stem]
        stem = stem.rpartition("_")[0]
    raise ValueError(f"no quantity is called {name!r}; the catalogue is in drivers/quantity.py")
