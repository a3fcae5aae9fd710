"""The live table. The only module of the demo that needs rich."""

import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from rich import box
from rich.console import Console, Group, OverflowMethod, RenderableType
from rich.table import Table
from rich.text import Text

import edge
from edge.cli import words
from edge.cli.demo.stage import Stage

SPARKS = 30  # cells of a sparkline, at most: two seconds each
WIDE = 110  # columns of a terminal that has room for everything
BAR = 24  # cells of the bar of the backlog
SCALE = 500  # readings that a full bar stands for; twice as many whenever that is not enough
KEYS = "l cut link   d hurt sensor   p pull power   t jump clock   r report   q quit"

Say = Callable[[str], str]


def console() -> Console:
    """The terminal; without colours where NO_COLOR asks for that."""
    return Console(file=sys.stdout, highlight=False, no_color=bool(os.environ.get("NO_COLOR")) or None)


def view(stage: Stage, console: Console, report: str = "") -> RenderableType:
    """The whole picture of this moment, for this terminal."""
    stream: Any = console.file
    say = partial(words.said, stream=stream)
    overflow: OverflowMethod = "ellipsis" if words.utf8(stream) else "crop"
    kind, scope = ("built in", ", nothing leaves this computer") if stage.internal else ("external", "")
    head = f"edge {edge.__version__} demo — simulated node {stage.node!r}{scope}"
    place = f"  broker {stage.broker[0]}:{stage.broker[1]} ({kind})   link 127.0.0.1:{stage.link.port}"
    lines = [_uplink(stage, say), _counts(stage), _buffer(stage, say), Text(say(_clock(stage)), "dim")]
    lines += [Text(say(report), "cyan")] if report else []
    for line in lines:
        line.no_wrap, line.overflow = True, overflow
    return Group(
        Text(say(head), "bold"), Text(f"{place}   data (temporary)", "dim"), Text(),
        _sensors(stage, say, console.width, overflow), Text(), *lines, Text(), Text(f" {KEYS}", "dim"),
    )  # fmt: skip


def _sensors(stage: Stage, say: Say, width: int, overflow: OverflowMethod) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1), header_style="bold")
    cells = max(8, min(SPARKS, width - WIDE + 20))
    for name, least in (("SENSOR", 6), ("DRIVER", 10), ("VALUE", 29), ("LAST 60 s", max(9, cells))):
        if name != "DRIVER" or width >= WIDE:
            table.add_column(name, min_width=least, no_wrap=True, overflow=overflow)
    table.add_column("AGE", justify="right", min_width=5, no_wrap=True, overflow=overflow)
    table.add_column("QUALITY", min_width=12, no_wrap=True, overflow=overflow)
    for sensor in (stage.notes.status or {"sensors": ()})["sensors"]:
        row = _row(stage, sensor, say, cells)
        table.add_row(*(row if width >= WIDE else row[:1] + row[2:]))
    return table


def _row(stage: Stage, sensor: dict[str, Any], say: Say, cells: int) -> list[Text]:
    values, history = sensor["values"], stage.notes.histories.get(sensor["name"])
    quality, style = _quality(sensor)
    age = words.age(values)
    late = time.monotonic() - stage.notes.seen_at
    return [
        Text(sensor["name"]), Text(sensor["driver"], "dim"), Text(say(words.quantities(values))),
        Text(say(history.line(cells)) if history else "", "cyan"),
        Text("" if age is None else f"{age + late:.1f}s"), Text(say(quality), style),
    ]  # fmt: skip


def _quality(sensor: dict[str, Any]) -> tuple[str, str]:
    if sensor["health"] == "ill":
        return f"✗ {sensor['trouble'].removeprefix('sim: ')}", "red"
    if sensor["health"] == "starting":
        return "starting", "dim"
    reasons = sorted({reason for value in sensor["values"].values() for reason in value["reasons"]})
    return (", ".join(reasons).replace("_", " "), "yellow") if reasons else ("✓ ok", "green")


def _uplink(stage: Stage, say: Say) -> Text:
    status = stage.notes.status
    if status is None or not stage.answers:
        return Text(" NODE    starting ...", "yellow")
    uplink = status["uplinks"][0]
    state, style = f"{uplink['state']} {words.span(uplink['for'])}", "yellow"
    if uplink["state"] == "connected":
        style = "green"
    elif not stage.link.up:
        state, style = f"{state} – you cut the link, sensing goes on", "red"
    return Text.assemble(" UPLINK  ", (say(state), style))


def _counts(stage: Stage) -> Text:
    status, inbox = stage.notes.status, stage.receiver.inbox
    if status is None:
        return Text()
    uplink, rss = status["uplinks"][0], words.size(status["process"]["rss"])
    sent, acked = words.grouped(uplink["sent"]), words.grouped(uplink["delivered"])
    received = f"received {words.grouped(len(inbox.records))}, twice {inbox.twice}"
    return Text(f"         sent {sent}   acked {acked}   {received}   RAM {rss}")


def _buffer(stage: Stage, say: Say) -> Text:
    status = stage.notes.status
    if status is None:
        return Text()
    waiting = status["uplinks"][0]["waiting"]
    text = Text(f" BUFFER  {words.grouped(waiting)} waiting ")
    if stage.notes.peak:
        scale = SCALE << (stage.notes.peak // SCALE).bit_length()
        full = min(BAR, -(-waiting * BAR // scale))
        text.append(say(" " + "█" * full + "░" * (BAR - full) + " "), "yellow")
    seq = words.grouped(status["outbox"]["last"])
    return text.append(say(f"  on the card 1..{seq}   kills {stage.power.kills}"))


def _clock(stage: Stage) -> str:
    status = stage.notes.status
    if status is None:
        return ""
    clock, stamp = status["clock"], f"boot + {stage.notes.newest:.1f} s"
    if stage.notes.stepped:
        step = f"the wall clock jumped {stage.notes.stepped / 3600:+.0f} h"
        return f" CLOCK   {step}, ticks go on: newest {stamp}"
    if clock["source"] is None:
        return f" CLOCK   no date yet: readings carry boot time, newest {stamp}"
    date = datetime.fromtimestamp(clock["utc"], UTC)
    return f" CLOCK   {clock['source']} ±{clock['error']:.3f} s: {date:%Y-%m-%d %H:%M:%S} UTC; newest reading {stamp}"
