"""Durations, sizes and rates as people write them."""

import re
from collections.abc import Mapping

SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
BYTES = {"kB": 1e3, "MB": 1e6, "GB": 1e9}
PER_SECOND = {"/s": 1.0, "/min": 1 / 60}

_NUMBER = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,9})?) ?(.+)", re.DOTALL)


def duration(text: str) -> float:
    """The seconds of ``"500ms"``, ``"10s"``, ``"5min"``, ``"1h"``, ``"2d"`` or ``"0"``.

    Raises ``ValueError`` with a text that says how to write it.
    """
    if text == "0":
        return 0.0
    return _scaled(text, SECONDS, 'write a number and a unit, e.g. "500ms", "10s", "5min", "1h"')


def size(text: str) -> int:
    """The bytes of ``"500kB"``, ``"64MB"`` or ``"2GB"`` (units of 1000). Raises ``ValueError`` as ``duration``."""
    return round(_scaled(text, BYTES, 'write a number and a unit of 1000, e.g. "500kB", "64MB", "2GB"'))


def rate(text: str) -> float:
    """How many a second ``"200/s"`` or ``"600/min"`` is. Raises ``ValueError`` as ``duration``."""
    return _scaled(text, PER_SECOND, 'write a number and a time, e.g. "200/s", "600/min"')


def _scaled(text: str, units: Mapping[str, float], how: str) -> float:
    match = _NUMBER.fullmatch(text)
    if match is None or match[2] not in units:
        raise ValueError(how)
    return float(match[1]) * units[match[2]]
