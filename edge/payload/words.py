"""What a reading says beyond its value, in the words that SenML, rows and their receivers share.

``q`` is the quality level unless good, ``qr`` its reasons; ``dt`` the seconds covered, the time then being their start;
``rv`` the raw value; ``count``, ``min`` and ``max`` what an interval was made of.

Of a whole batch ``cs`` is the source of its dates (ntp, gnss or rtc) and ``ce`` their error bound in seconds. Without
a date, its boot began no earlier than ``be`` and no later than ``bl`` (seconds since 1970), where these are known.
"""

import math
from collections.abc import Mapping
from typing import Any

from edge.payload.payload import Dates
from edge.payload.record import Unreadable
from edge.reading import GOOD, Batch, Level, Quality, Reading, Spread


def number(value: float) -> float:
    """Whole numbers without the point, others without the noise of binary fractions: 11.332, not 11.331999999999999."""
    return int(value) if value.is_integer() else float(f"{value:.15g}")


def trusted(reading: Reading) -> float | None:
    """The value, unless it is bad or missing: that is never a number."""
    return None if reading.value is None or reading.quality.level >= Level.BAD else number(reading.value)


def raw(reading: Reading) -> float | None:
    """The raw value where there is one; of a bad reading without one the value itself."""
    if reading.raw is not None:
        return number(reading.raw)
    return number(reading.value) if reading.value is not None and reading.quality.level >= Level.BAD else None


def beside(reading: Reading, quality: Quality) -> dict[str, Any]:
    """The words for a reading with this quality; empty for a plain one."""
    words: dict[str, Any] = {"dt": round(reading.span, 3)} if reading.span else {}
    if quality is not GOOD:
        words |= {} if quality.level == Level.GOOD else {"q": int(quality.level)}
        words |= {"qr": quality.reasons.words()} if quality.reasons else {}
    if (first := raw(reading)) is not None:
        words["rv"] = first
    if (spread := reading.spread) is not None:
        words |= {"count": spread.count, "min": number(spread.low), "max": number(spread.high)}
    return words


def placed(batch: Batch, dates: Dates) -> dict[str, Any]:
    """The words for how sure the dates of a batch are: those of its worse end, in microseconds, rounded up."""
    ends = [dates.trust(batch.readings[at][1].at) for at in (0, -1)]
    worst = max((trust for trust in ends if trust is not None), key=lambda trust: trust.error, default=None)
    if worst is not None:
        return {"cs": worst.source, "ce": math.ceil(round(worst.error * 1e6, 3)) / 1e6}
    bounds = zip(("be", "bl"), dates.bounds(batch.boot), strict=True)
    return {word: round(utc / 1e9, 3) for word, utc in bounds if utc is not None}


def read(words: Mapping[str, Any]) -> dict[str, Any]:
    """The same as fields of a record. Raises ``Unreadable``."""
    try:
        return {
            "level": int(words.get("q", 1)),
            "reasons": tuple(str(word) for word in words.get("qr", ())),
            "span": float(words.get("dt", 0.0)),
            "raw": number_or_none(words.get("rv")),
            "spread": _spread(words) if "count" in words else None,
        }
    except (TypeError, ValueError, KeyError, ArithmeticError) as error:
        raise Unreadable(f"what stands beside a value makes no sense: {error!r}") from error


def number_or_none(value: Any) -> float | None:
    """A number, as JSON and CBOR have it. Raises ``TypeError`` or ``ValueError``."""
    return None if value is None else float(value)


def _spread(words: Mapping[str, Any]) -> Spread:
    return Spread(int(words["count"]), float(words["min"]), float(words["max"]))
