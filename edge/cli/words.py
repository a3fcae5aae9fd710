"""How values, times and sizes are told to people, on whatever terminal they have."""

from collections.abc import Mapping, Sequence
from typing import Any, TextIO

UNITS = {"Cel": "°C", "ug/m3": "µg/m³", "m3/h": "m³/h", "1/cm3": "1/cm³", "uS/cm": "µS/cm", "ug/L": "µg/L", "um": "µm",
         "%RH": "%RH", "1": "", "deg": "°", "count": "", "pH": ""}  # fmt: skip
LABELS = {"pm2_5": "PM2.5", "pm10": "PM10", "pm1": "PM1", "ph": "pH", "volume": "total", "co2": "CO2"}
# what a person wants to see first of a sensor, and how many decimals of it
FIRST = {"pm2_5": 0, "pm10": 0, "latitude": 5, "longitude": 5, "satellites": 0, "temperature": 1, "humidity": 0,
         "water_temperature": 2, "flow": 2, "volume": 1, "ph": 2, "co2": 0, "level": 3, "distance": 0}  # fmt: skip
ASCII = str.maketrans(
    {"●": "*", "✓": "+", "✗": "x", "–": "-", "—": "-", "·": "-", "µ": "u", "³": "3", "²": "2", "±": "+-", "°": " deg ",
     "▁": "_", "▂": ".", "▃": ":", "▄": "-", "▅": "=", "▆": "+", "▇": "*", "█": "#", "░": "."}
)  # fmt: skip


def utf8(stream: TextIO) -> bool:
    """Whether a stream shows all characters; one in memory, which has no encoding, does."""
    return (stream.encoding or "utf-8").lower().replace("-", "") == "utf8"


def said(text: str, stream: TextIO) -> str:
    """The text as this stream can show it."""
    if utf8(stream):
        return text
    text = text.replace(" °C  ", " degC ").replace(" °C", " degC").translate(ASCII)  # columns stay where they are
    return text.encode(stream.encoding, "replace").decode(stream.encoding)


def headline(values: Mapping[str, Any]) -> list[str]:
    """The names of the quantities that stand for a sensor; the first one for its sparkline."""
    known = [name for name in FIRST if name in values]
    return known[:3] if known else list(values)[:2]


def quantities(values: Mapping[str, Any]) -> str:
    """The values that stand for a sensor: ``PM2.5 12 µg/m³  PM10 19 µg/m³``."""
    return "  ".join(quantity(name, values[name]["value"], values[name]["unit"]) for name in headline(values))


def quantity(name: str, value: float | None, unit: str) -> str:
    """One value with its name, where that says more than the unit."""
    if value is None:
        return f"{LABELS.get(name, name)} –"
    number = f"{value:.{FIRST.get(name, 3)}f}"
    if name in ("latitude", "longitude"):
        return f"{number.lstrip('-')} {('NS' if name == 'latitude' else 'EW')[value < 0]}"
    if name == "satellites":
        return f"{number} sat"
    label = f"{LABELS[name]} " if name in LABELS else "" if name in FIRST else f"{name} "
    unit = UNITS.get(unit, unit)
    return f"{label}{number} {unit}".strip()


def unit(code: str) -> str:
    """A unit as people write it; pH and what is counted keep their code."""
    return UNITS.get(code) or code


def age(values: Mapping[str, Any]) -> float | None:
    """Seconds since the newest of some values."""
    ages: Sequence[float] = [value["age"] for value in values.values()]
    return min(ages, default=None)


def span(seconds: float) -> str:
    """A time span in at most two units: ``12 s``, ``4 min 40 s``, ``2 d 3 h``."""
    for one, small, size, part in (("d", "h", 86400, 3600), ("h", "min", 3600, 60), ("min", "s", 60, 1)):
        if seconds >= size:
            count, rest = divmod(int(seconds), size)
            return f"{count} {one} {rest // part} {small}" if rest // part else f"{count} {one}"
    return f"{seconds:.0f} s"


def size(count: float) -> str:
    """Bytes in units of 1000: ``4.2 MB``."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def grouped(number: int) -> str:
    """A count in groups of three: ``1 106 544``."""
    return f"{number:,}".replace(",", " ")


def counted(number: int, word: str) -> str:
    """``1 sensor``, ``2 sensors``."""
    return f"{number} {word}" if number == 1 else f"{grouped(number)} {word}s"


def seqs(first: int, last: int) -> str:
    """Which readings the card still has, of all that were given a number up to ``last``."""
    if not last:
        return "no reading yet"
    return f"seq {first}..{last}" if first <= last else f"none kept of {last}"
