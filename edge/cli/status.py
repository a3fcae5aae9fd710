"""``edge status``: how the running node is, and what to do where it is not well."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from edge.cli import args, exits, words
from edge.cli.alarm import each as alarm_lines
from edge.cli.alarm import units
from edge.cli.asking import asked

WORN = 0.8  # share of its life after which a laser is mentioned
REMEDIES = {  # of a sensor, by a word of its trouble; else somebody has to look at the plug
    "Operation not permitted": "no device of the unit: systemctl restart edge",
    "Permission denied": "the user edge may not open it: ls -l /dev; id edge",
}
PLUG = "check plug and supply"
WELL = ("connected", "resting")  # of an uplink
COLOURS = {"✓": "32", "●": "32", "✗": "31", "–": "33"}


def main(argv: Sequence[str]) -> int:
    """Prints what the node answers, 0 however well it is; 69 when none answers."""
    parser = args.parser("status", "How the running node is.", "status", "status --json | jq .uplinks")
    args.add_state(parser)
    args.add_json(parser)
    given = parser.parse_args(argv)
    status = asked(given.state, "status")
    if given.json:
        print(json.dumps(status))
        return exits.OK
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    for line in lines(status):
        print(_painted(words.said(line, sys.stdout), line) if colour else words.said(line, sys.stdout))
    return exits.OK


def lines(status: dict[str, Any]) -> Iterator[str]:
    """The status in words."""
    yield _head(status)
    yield from (f"  {line}" for line in _sensors(status["sensors"]))
    yield from _alarms(status)
    for uplink in status["uplinks"]:
        yield from _uplink(uplink)
    yield from _buffer(status)
    yield f"  clock    {_clock(status['clock'])}"
    process = status["process"]
    yield f"  process  RAM {words.size(process['rss'])} · up {words.span(process['up'])} · pid {process['pid']}"


def _head(status: dict[str, Any]) -> str:
    up = words.span(status["process"]["up"])
    site = f" ({status['site']})" if status["site"] else ""
    down = [f"uplink {uplink['state']}" for uplink in status["uplinks"] if uplink["state"] not in WELL]
    link = "".join(f", {state}" for state in down)
    why = ", ".join(status["hanging"] or status["ailing"])
    ailing = f": {why}" if why else ""
    mark = "●" if status["health"] == "healthy" else "✗"
    return f"{mark} edge {status['version']} on {status['node']}{site} — {status['health']}{ailing}{link}, up {up}"


def _sensors(sensors: Sequence[dict[str, Any]]) -> Iterator[str]:
    if not sensors:
        yield "sensors  none configured"
        return
    well = sum(sensor["health"] == "ok" for sensor in sensors)
    yield f"sensors  {well} of {len(sensors)} ok"
    width = max(len(sensor["name"]) for sensor in sensors)
    room = max(len(words.quantities(sensor["values"])) for sensor in sensors)
    for sensor in sorted(sensors, key=lambda sensor: sensor["health"] != "ill"):
        yield f"  {_mark(sensor)} {sensor['name']:{width}}  {_about(sensor, room)}{_maintenance(sensor)}"
        if sensor["health"] == "ill":
            yield f"    {'':{width}}  published as missing · {_remedy(sensor['trouble'])}; tries go on"


def _remedy(trouble: str) -> str:
    return next((remedy for word, remedy in REMEDIES.items() if word in trouble), PLUG)


def _mark(sensor: dict[str, Any]) -> str:
    return {"ok": "✓", "ill": "✗"}.get(sensor["health"], "–")


def _maintenance(sensor: dict[str, Any]) -> str:
    left = sensor["maintenance"]
    return "" if left is None else f" · under maintenance for {words.span(left)} more"


def _alarms(status: dict[str, Any]) -> Iterator[str]:
    """Those that stand or wait for somebody to see them."""
    alarms = status["alarms"]
    if not alarms:
        return
    standing = [alarm for alarm in alarms if alarm["raised"] or not alarm["acknowledged"]]
    blind = sum(bool(alarm["blind"]) for alarm in alarms)
    more = f" · {words.counted(blind, 'rule')} cannot be judged now: edge alarm" if blind else ""
    rules = words.counted(len(alarms), "rule")
    yield f"  alarms   {f'{len(standing)} of {rules} to look at' if standing else f'quiet, {rules}'}{more}"
    yield from (f"    {line}" for line in alarm_lines(standing, units(status)))


def _about(sensor: dict[str, Any], room: int) -> str:
    if sensor["health"] == "ill":
        return f"ill for {words.span(sensor['for'])} · {sensor['trouble']}"
    age = words.age(sensor["values"])
    if age is None:
        return f"no value yet, {sensor['health']} for {words.span(sensor['for'])}"
    reasons = sorted({reason for value in sensor["values"].values() for reason in value["reasons"]} - {"maintenance"})
    flags = f" · {', '.join(reasons).replace('_', ' ')}" if reasons else ""
    bad = f" · {words.counted(sensor['bad'], 'bad answer')}" if sensor["bad"] else ""
    return f"{words.quantities(sensor['values']):{room}}  {words.span(age)} ago{flags}{bad}{_wear(sensor)}"


def _wear(sensor: dict[str, Any]) -> str:
    """What is left of a laser or a fan, once it is worth a thought."""
    share = sensor["running_hours"] / sensor["lifetime"] if sensor.get("lifetime") else 0.0
    return f" · laser and fan at {share:.0%} of their life" if share >= WORN else ""


def _uplink(uplink: dict[str, Any]) -> Iterator[str]:
    counts = f"{words.grouped(uplink['waiting'])} waiting · {words.grouped(uplink['delivered'])} delivered"
    again = "" if uplink["next"] is None else f", connects in {words.span(uplink['next'])}"
    state = f"{uplink['state']} for {words.span(uplink['for'])}{again}"
    yield f"  uplink   {uplink['name']} {state} · {counts}"
    if (budget := _budget(uplink["budget"])) is not None:
        yield f"           {budget}"
    if uplink["trouble"] and not uplink["cause"]:
        yield f"           waits: {uplink['trouble']}"
    elif uplink["trouble"]:
        yield f"           last error: {uplink['trouble']} ({uplink['cause']})"
        yield f"           what to do: {uplink['remedy']}"
        yield "           readings wait on the card; tries go on by themselves"


def _budget(budget: dict[str, Any]) -> str | None:
    """What a metered link has carried; None without a budget."""
    periods = (("day", "today"), ("month", "this month"))
    used = [
        f"{words.size(budget[name]['used'])} of {words.size(budget[name]['limit'])} {when}"
        for name, when in periods
        if budget[name]["limit"] is not None
    ]
    waits = {None: "", "backlog": " · the backlog waits", "routine": " · all but alarms wait"}[budget["waits"]]
    return f"data {' · '.join(used)}{waits}" if used else None


def _buffer(status: dict[str, Any]) -> Iterator[str]:
    outbox, uplinks = status["outbox"], status["uplinks"]
    waiting = max((uplink["waiting"] for uplink in uplinks), default=0)
    share = 100 * outbox["bytes"] / outbox["limit"]
    used = f"{words.size(outbox['bytes'])} of {words.size(outbox['limit'])} ({share:.0f} %)"
    yield f"  buffer   {words.grouped(waiting)} waiting · {used} · {words.seqs(outbox['first'], outbox['last'])}"
    if outbox["trouble"]:
        yield f"           ✗ the card does not take readings: {outbox['trouble']} · {outbox['held']} held in memory"
        yield "           live values go out as copies without a number; tries go on · see: df, dmesg"
    yield f"  lost     {_lost(outbox, uplinks)}"


def _lost(outbox: dict[str, Any], uplinks: Sequence[dict[str, Any]]) -> str:
    losses = [(outbox["overrun"], "before they reached the card")]
    for uplink in uplinks:
        losses.append((uplink["evicted"], f"gone from the card before {uplink['name']} had them"))
        losses.append((uplink["refused"], f"refused by {uplink['name']}"))
    return " · ".join(f"{words.grouped(count)} {why}" for count, why in losses if count) or "0"


def _clock(clock: dict[str, Any]) -> str:
    if clock["source"] is None:
        return "not synchronised yet: readings carry boot time and are dated later"
    disputed = "".join(f" · {source} says {apart:+.3f} s" for source, apart in clock["disputed"].items())
    digits = 3 if clock["error"] >= 0.01 else 5  # with PPS it is a tenth of a millisecond
    return f"{clock['source']} ±{clock['error']:.{digits}f} s{disputed}"


def _painted(text: str, line: str) -> str:
    """The mark of a line in its colour."""
    at = len(line) - len(line.lstrip())
    code = COLOURS.get(line[at : at + 1])
    return text if code is None else f"{text[:at]}\x1b[{code}m{text[at]}\x1b[0m{text[at + 1 :]}"
