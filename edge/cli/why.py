"""``edge why SENSOR/QUANTITY``: one reading traced from the driver to each destination."""

import argparse
import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from threading import Event
from typing import Any

from edge.cli import args, exits, words
from edge.cli.asking import asked
from edge.forwarding.route import WHEREABOUTS
from edge.reading import Level
from edge.settings import units

LOOK = 0.1  # seconds between two questions
FLUSH = 5.0  # seconds after which a reading should be on the card
CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d(?:\.\d+)?))?")


def main(argv: Sequence[str]) -> int:
    """Traces the next reading of a channel, or tells what is known of one in the past."""
    parser = _parser()
    given = parser.parse_args(argv)
    if given.seq is not None:
        told = asked(given.state, "trail", channel=given.channel, seq=given.seq)
    elif given.at is not None:
        told = asked(given.state, "trail", channel=given.channel, **_when(given))
    else:
        told = _next(given)
    if told is None:
        raise exits.Failure(f"there is no reading of {given.channel} at that time on the card", exits.FAILED)
    if given.json:
        print(json.dumps({"channel": given.channel, **told}))
    else:
        print(*(words.said(line, sys.stdout) for line in lines(given.channel, told)), sep="\n")
    return exits.OK


def _parser() -> argparse.ArgumentParser:
    what = "One reading traced through driver, filters, card and uplinks, with all its values."
    examples = "why pm/pm2_5", "why pm/pm2_5 --seq 8402", "why pm/pm2_5 --at 16:03", 'why pm/pm2_5 --at "5min"'
    parser = args.parser("why", what, *examples)
    args.add_state(parser)
    args.add_json(parser)
    parser.add_argument("channel", metavar="SENSOR/QUANTITY", type=_channel, help="by default its next reading")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--seq", type=int, metavar="N", help="the one with this number")
    which.add_argument("--at", metavar="TIME", help='the newest one then: "16:03" or a whole date, UTC; or "5min" ago')
    parser.add_argument("--wait", type=args.duration(), metavar="TIME",
                        help="for the next reading at most (default: three intervals and a bit)")  # fmt: skip
    return parser


def _next(given: argparse.Namespace) -> dict[str, Any]:
    """The next reading: first through the filters, then on the card."""
    begun = asked(given.state, "watch", channel=given.channel)
    patience = given.wait if given.wait is not None else 3 * begun["pace"] + 5
    seen = _patiently(patience, lambda: _watched(given, begun["since"]))
    if seen is None:
        what = f"{given.channel} gave no reading within {words.span(patience)}"
        raise exits.Failure(f"{what}{_silence(given)}. See: edge status; or wait longer: --wait", exits.FAILED)
    last = seen["steps"][-1]["readings"] if seen["steps"] else []
    moment = {"boot": seen["at"]["boot"], "ticks": seen["at"]["ticks"]}
    trail = _patiently(FLUSH, lambda: asked(given.state, "trail", channel=given.channel, **moment)) if last else None
    return {**(trail or {"seq": None, "destinations": []}), **seen}


def _silence(given: argparse.Namespace) -> str:
    """Why nothing came, where the sensor is ill or has never given that quantity."""
    name, _, quantity = given.channel.partition("/")
    sensor = next(one for one in asked(given.state, "status")["sensors"] if one["name"] == name)
    if sensor["health"] == "ill":
        return f": {name} is ill, {sensor['trouble']}"
    if sensor["values"] and quantity not in sensor["values"]:
        return f": {name} gives {', '.join(sensor['values'])}"
    return ""


def _watched(given: argparse.Namespace, since: int) -> dict[str, Any] | None:
    """None while it has not come; a measurement without the quantity is none."""
    seen: dict[str, Any] = asked(given.state, "watch", channel=given.channel, since=since)
    return seen if any(step["readings"] for step in seen.get("steps", ())) else None


def _patiently(seconds: float, ask: Callable[[], dict[str, Any] | None]) -> dict[str, Any] | None:
    pause, end = Event(), time.monotonic() + seconds
    while (told := ask()) is None and time.monotonic() < end:
        pause.wait(LOOK)
    return told


def lines(channel: str, told: Mapping[str, Any]) -> Iterator[str]:
    """A trace in words."""
    number = "" if told["seq"] is None else f" (seq {words.grouped(told['seq'])})"
    yield f"{channel} at {_moment(told['at'])}{number}"
    rows = [*_steps(told), *_behind(told)]
    width = max(len(name) for name, _ in rows)
    yield from (f"  {name:{width}}  {what}".rstrip() for name, what in rows)


def _steps(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """From the driver to the last filter: all of them where it was watched, else what the card tells."""
    if "steps" not in told:
        yield from _past(told)
        return
    before: list[dict[str, Any]] = []
    for step in told["steps"]:
        name, about = step["name"], step["about"]
        first = name == "driver"
        yield (f"driver {about}" if first else name), _change(before, step["readings"], "" if first else about)
        before = step["readings"]


def _past(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    reading, law = told["reading"], told["calibration"]
    raw = reading["value"] if reading["raw"] is None else reading["raw"]
    filters = told["filters"] or {"passed": (), "brought": reading["reasons"], "same": True}
    brought = f"   brings {', '.join(filters['brought'])}" if filters["brought"] else ""
    yield "driver", _value({**reading, "value": raw}) + brought
    if law is not None:
        yield "calibration", f"{_value({**reading, 'value': law['value']})}   {law['about']}"
    for one in filters["passed"]:
        found = ("" if one["sure"] else "perhaps ") + ", ".join(one["reasons"]) if one["reasons"] else "ok"
        yield one["name"], f"{found}   {one['about']}"
    yield "result", f"{_value(reading)}   {_verdict(reading)}"
    if not filters["same"]:
        yield "", "the filters were set up after this reading: those of then may have been others"
    yield "", "by the flags that it carries; to see each filter at work leave out --seq and --at"


def _change(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]], about: str) -> str:
    """What a step made of the readings before it."""
    more = f"   {about}" if about else ""
    if not after:
        return f"{'keeps it back' if before else 'nothing yet'}{more}"
    now, was = after[-1], before[-1] if before else None
    if was is None or (now["value"], now["unit"]) != (was["value"], was["unit"]):
        flags = "" if was is not None and now["reasons"] == was["reasons"] else _flags(now)
        return f"{_value(now)}{flags}{more}"
    fresh = [reason for reason in now["reasons"] if reason not in was["reasons"]]
    return f"{_named(now['level'])}: {', '.join(fresh)}{more}" if fresh or now["level"] != was["level"] else f"ok{more}"


def _behind(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The card and the destinations."""
    if told["seq"] is None:
        held = told["steps"] and not told["steps"][-1]["readings"]
        yield "card", "nothing: a filter keeps it back" if held else "not there yet; see: edge status"
        return
    yield "card", f"seq {told['seq']}, {told['lane']}"
    for one in told["destinations"]:
        waits = one["state"] in ("waiting", "under way") and one["link"] != "connected"
        yield one["name"], WHEREABOUTS[one["state"]] + (f"; the link is {one['link']}" if waits else "")


def _value(reading: Mapping[str, Any]) -> str:
    if reading["value"] is None:
        return "no value"
    unit = words.UNITS.get(reading["unit"], reading["unit"])
    return f"{reading['value']:.6g} {unit}".strip()


def _verdict(reading: Mapping[str, Any]) -> str:
    return _flags(reading).removeprefix(", ") or "ok"


def _flags(reading: Mapping[str, Any]) -> str:
    return f", {_named(reading['level'])}: {', '.join(reading['reasons'])}" if reading["reasons"] else ""


def _named(level: int) -> str:
    return Level(level).name.lower().replace("_", " ")


def _moment(at: Mapping[str, Any]) -> str:
    if at["utc"] is None:
        return f"{at['ticks'] / 1e9:.3f} s after boot {at['boot'][:8]}, which has no date yet"
    return f"{datetime.fromtimestamp(at['utc'], UTC):%Y-%m-%d %H:%M:%S.%f}"[:-3] + " UTC"


def _when(given: argparse.Namespace) -> dict[str, float]:
    """``ago`` for a time span, ``utc`` for a date or a time of day, which is the last one that was so."""
    try:
        return {"ago": units.duration(given.at)}
    except ValueError:
        pass
    if clock := CLOCK.fullmatch(given.at):
        now = asked(given.state, "status")["clock"]["utc"]
        if now is None:
            raise exits.Failure('the node has no date yet; say how long ago: --at "5min"', exits.USAGE)
        second = int(clock[1]) * 3600 + int(clock[2]) * 60 + float(clock[3] or 59.999)
        midnight = now - now % 86400
        return {"utc": midnight + second - (86400 if midnight + second > now + 60 else 0)}
    try:
        date = datetime.fromisoformat(given.at)
    except ValueError:
        how = '"16:03", "2026-03-01T16:03:12", both UTC, or "5min" ago'
        raise exits.Failure(f"{given.at!r} is no time: write {how}", exits.USAGE) from None
    return {"utc": (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()}


def _channel(text: str) -> str:
    sensor, _, quantity = text.partition("/")
    if not sensor or not quantity:
        raise argparse.ArgumentTypeError(f"{text!r} is not SENSOR/QUANTITY, e.g. pm/pm2_5")
    return text
