"""Series of readings for filters, written as text."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from drivers import NONE, Quantity, Reason
from edge.clock import Stamp
from edge.filters import FILTERS, Filter
from edge.reading import GOOD, MISSING, Reading

GOLDEN = Path(__file__).parent / "golden"
HEADING = re.compile(r"^\[(\w+) ?(\{.*\})? ?of (\w+)\]\n((?:.+\n)+)", re.MULTILINE)
EXAMPLE = re.compile(r"^(\S.*)\n  in (.*)\n  out (.*)\n", re.MULTILINE)
S = 10**9
QUANTITIES = {
    quantity.name: quantity
    for quantity in (
        *(Quantity(name, "ug/m3", 0, 1000, 1) for name in ("pm1", "pm2_5", "pm10")),
        Quantity("temperature", "Cel", -40, 85, 2),
        Quantity("flow", "L/min", 0, 100, 1),
        Quantity("volume", "L", 0, 1e9, 0),
        Quantity("rain", "mm", 0, 100, 1),
        Quantity("course", "deg", 0, 360, 0),
        Quantity("sound_level", "dB", 20, 140, 1),
        Quantity("utc", "s", 0, 4e9, 0),
        Quantity("voc_raw", "1", 1, 0xFFFE),
    )
}


def read(text: str, quantity: str = "temperature", every: float = 1.0) -> Iterator[Reading]:
    """Readings of one quantity (``sensor/quantity`` of another sensor), one in ``every`` seconds.

    ``21.5`` is a value, ``-`` a missing one, ``!9`` one that the device calls bad, ``~9`` one that it calls clipped;
    ``+60`` is a gap of 60 s more, ``boot`` a restart of the node.
    """
    sensor, _, quantity = quantity.rpartition("/")
    boot, ticks = "boot 1", 0
    unit = QUANTITIES[quantity].unit
    for word in text.split():
        if word == "boot":
            boot, ticks = "boot 2", 0
        elif word.startswith("+"):
            ticks += int(float(word[1:]) * S)
        else:
            at, ticks = Stamp(boot, ticks), ticks + int(every * S)
            flags = {"!": Reason.SENSOR_FAULT, "~": Reason.SATURATED}.get(word[0], NONE)
            quality = MISSING if word == "-" else GOOD.flagged(flags) if flags else GOOD
            value = None if word == "-" else float(word.lstrip("!~"))
            yield Reading(sensor or "dut", quantity, value, unit, at, quality=quality)


class Example(NamedTuple):
    """A filter with its options, the readings that go in, and the words for what comes out."""

    name: str
    options: dict[str, Any]
    quantity: str
    series: str
    out: list[str]

    def filter(self) -> Filter:
        """A fresh one."""
        return FILTERS[self.name](QUANTITIES, **self.options)

    def readings(self) -> list[Reading]:
        """What goes in."""
        return list(read(self.series, self.quantity))


def examples(page: str) -> list[Any]:
    """The examples of a page in ``tests/golden``, each named by the line above it."""
    text = (GOLDEN / f"{page}.txt").read_text("utf-8")
    found = [
        pytest.param(Example(name, json.loads(options or "{}"), quantity, series, out.split()), id=title)
        for name, options, quantity, block in HEADING.findall(text)
        for title, series, out in EXAMPLE.findall(block)
    ]
    assert len(found) == text.count("\n  in "), f"{page}.txt: an example is not written as the others"
    return found


def flags(before: Iterable[Reading], after: Iterable[Reading]) -> str:
    """The reasons that came on top, a word a reading: ``.`` none, ``spike,rate`` two."""
    return " ".join(
        ",".join(Reason(new.quality.reasons & ~old.quality.reasons).words()) or "."
        for old, new in zip(before, after, strict=True)
    )
