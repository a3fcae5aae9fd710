"""What a record of a sensor is judged by: each check gives a result, its limit, and a verdict."""

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

from drivers import NONE, Reason
from hw_tests.collect import Record

OFTEN = (0.4, 12.0)  # measurements of a stream per expected interval; GNSS at 10 Hz is fine, a PMS5003 slows to 0.4 Hz
ANSWERED = 0.8  # share of the questions that a polled device has to answer
BAD = 0.01  # share of the answers that may be thrown away
FEW = 3  # measurements that say nothing about a stuck sensor yet
WRONG = Reason.INCONSISTENT | Reason.SENSOR_FAULT

# What may stand still for a minute although all is well: slow waters, resting meters, counts, a receiver without a fix.
RESTS = {
    "water_temperature", "ph", "orp", "conductivity", "tds", "salinity", "dissolved_oxygen", "oxygen_saturation",
    "level", "distance", "flow", "volume", "pulses", "rain", "wind_speed", "energy", "power", "voltage", "current",
    "contact", "fix", "fix_quality", "satellites", "hdop", "pdop", "typical_size",
}  # fmt: skip

# What a part should say where its driver takes another one too, or all circuits answer alike.
MODELS = {"bme280": "BME280", "ezo_ec": "EZO EC", "ezo_orp": "EZO ORP", "ezo_ph": "EZO pH", "ezo_rtd": "EZO RTD"}


class Verdict(NamedTuple):
    """``passed`` is None when there was nothing to judge."""

    result: str
    limit: str
    passed: bool | None


def opens(record: Record) -> Verdict:
    """The wire is there and free."""
    return Verdict(str(record.sensor.place) if record.opened else record.trouble, "can be opened", record.opened)


def identity(record: Record) -> Verdict:
    """What the part says of itself; another model than the driver is for is told, and fails nothing."""
    told, limit = ", ".join(f"{name} {text}" for name, text in record.identity.items()), "told, not judged"
    if not told:
        return Verdict("it does not tell", limit, None)
    model, meant = record.identity.get("model", ""), MODELS.get(record.sensor.driver, "")
    if model and meant and model.casefold() != meant.casefold():
        return Verdict(f"{told}: WARNING, not the {meant} that {record.sensor.driver} is for", limit, True)
    return Verdict(told, limit, True)


def answers(record: Record) -> Verdict:
    """The first measurement comes in time."""
    limit = f"within {record.deadline:g} s"
    if not record.opened:
        return Verdict("not open", limit, None)
    if not record.moments:
        return Verdict(f"nothing: {record.trouble or 'silence'}", limit, False)
    return Verdict(f"after {record.moments[0]:.1f} s", limit, record.moments[0] <= record.deadline)


def pace(record: Record) -> Verdict:
    """It goes on as fast as it should; answers that were thrown away count, they are the next check's matter."""
    if not record.kind.streaming:
        got, limit = len(record.moments) + record.bad, f">= {ANSWERED:.0%} answered"
        return Verdict(f"{got} of {record.asked} asked", limit, got >= ANSWERED * record.asked)
    least, most = OFTEN
    each = record.pace / (record.seconds - record.moments[0] + record.pace)
    rate = (len(record.moments) + record.bad) * each
    limit = f"{least / record.pace:g} .. {most / record.pace:g} Hz"
    return Verdict(f"{rate / record.pace:.2f} Hz", limit, least <= rate <= most)


def bad_frames(record: Record) -> Verdict:
    """Check sums and shapes are right. Bytes outside of frames are told, and count where there is nothing else."""
    limit = f"<= {BAD:.0%}"
    came = record.bad + len(record.moments)
    if not came:
        return Verdict(f"only noise, {record.noise} bytes", limit, False) if record.noise else _nothing(limit)
    more = f", {record.noise} bytes of noise" if record.noise else ""
    return Verdict(f"{record.bad} of {came}{more}", limit, record.bad <= BAD * came)


def in_range(record: Record) -> Verdict:
    """Every value lies within the limits of its quantity."""
    limits = {quantity.name: quantity for quantity in record.kind.measures}
    values = [item for measurement in record.measurements for item in measurement.values.items()]
    for name, value in values:
        if not limits[name].low <= value <= limits[name].high:
            return Verdict(f"{name} {value:g}", f"{limits[name].low:g} .. {limits[name].high:g}", False)
    return Verdict(f"{len(values)} values of {len({name for name, _ in values})} quantities", "data sheet", True)


def stuck(record: Record) -> Verdict:
    """Values that always tremble do so: less than half of the run is one and the same set of them."""
    sets = [{name: value for name, value in got.values.items() if _trembles(name)} for got in record.measurements]
    sets = [values for values in sets if values]
    if len(sets) <= FEW:
        return Verdict("too few to tell" if sets else "nothing that must move", "moves", None)
    longest = length = 1
    for before, after in pairwise(sets):
        length = length + 1 if before == after else 1
        longest = max(longest, length)
    return Verdict(f"the same {longest} times of {len(sets)}", f"< {len(sets) / 2:g}", longest < len(sets) / 2)


def consistent(record: Record) -> Verdict:
    """The device flags no fault, its values agree with each other, and its totals never fall."""
    limit = "all"
    for name in record.kind.totals:
        totals = [got.values[name] for got in record.measurements if name in got.values]
        if any(after < before for before, after in pairwise(totals)):
            return Verdict(f"{name} falls", "grows", False)
    flagged = [got for got in record.measurements if any(flag & WRONG for flag in got.flags.values())]
    total = len(record.measurements)
    if not flagged:
        return Verdict(f"{total} of {total}", limit, True)
    reasons = NONE
    for flag in flagged[0].flags.values():
        reasons |= flag
    return Verdict(f"{total - len(flagged)} of {total}: {' '.join(reasons.words())}", limit, False)


def _trembles(name: str) -> bool:
    stem = name
    while stem:
        if stem in RESTS:
            return False
        stem = stem.rpartition("_")[0]
    return True


def _nothing(limit: str) -> Verdict:
    return Verdict("no measurement", limit, None)


CHECKS: dict[str, Callable[[Record], Verdict]] = {
    "opens": opens,
    "identity": identity,
    "answers": answers,
    "pace": pace,
    "bad_frames": bad_frames,
    "range": in_range,
    "stuck": stuck,
    "consistent": consistent,
}
WITHOUT = ("opens", "identity", "answers", "bad_frames")  # these judge a record without a measurement too


def judge(record: Record, check: str) -> Verdict:
    """The verdict of one check."""
    if check in WITHOUT or record.measurements:
        return CHECKS[check](record)
    return _nothing("")
