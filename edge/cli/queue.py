"""``edge queue``: what waits on the card, the account of it, and what to do with it."""

import csv
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from edge.cli import args, exits, words
from edge.cli.asking import asked
from edge.cli.journal import commits_every
from edge.clock import Clock
from edge.outbox.audit import Audit, stored
from edge.reading import Stored
from edge.state import State
from edge.timing.timekeeping import anchors

COLUMNS = ("seq", "device", "quantity", "value", "unit", "time", "boot", "ticks", "span", "level", "reasons", "raw")
PLAIN = 26.0  # bytes of a plain reading, with its share of the rest
SPARING = 30.0  # seconds between two commits of the journal that spare the card
CYCLES, CARD = 3000, 16e9  # erase cycles and bytes of the card that the estimate of its years assumes


def main(argv: Sequence[str]) -> int:
    """Shows the queue, or verifies, exports or replays it."""
    given = _parser().parse_args(argv)
    return {None: _show, "verify": _verify, "export": _export, "replay": _replay}[given.does](given)


def _parser() -> args.Parser:
    examples = "queue", "queue verify", "queue export /media/usb/pole217.csv", "queue replay 8402..9514 --to city"
    parser = args.parser("queue", "What waits on the card, and the account of every reading.", *examples)
    does = parser.add_subparsers(dest="does", metavar="verify|export|replay")
    verify = args.kind(does, "verify", "reads every record: check sums and continuity", examples[1])
    what = "writes all readings to a file for a USB stick: JSON lines, or CSV by its name"
    export = args.kind(does, "export", what, examples[2])
    export.add_argument("out", type=Path, metavar="OUT", help="a new file: OUT.jsonl or OUT.csv")
    replay = args.kind(does, "replay", "sends readings once more, marked as replay", examples[3])
    replay.add_argument("seqs", metavar="A..B", help="the first and the last seq")
    replay.add_argument("--to", metavar="UPLINK", help="one destination only (default: all)")
    for one in (parser, verify, export, replay):
        args.add_state(one, again=one is not parser)
    for one in (parser, verify):
        args.add_json(one, again=one is not parser)
    return parser


def _show(given: Any) -> int:
    status = asked(given.state, "status")
    if given.json:
        print(json.dumps({name: status[name] for name in ("outbox", "uplinks")}))
    else:
        print(*(words.said(line, sys.stdout) for line in [*lines(status), *_journal(given.state)]), sep="\n")
    return exits.OK


def lines(status: dict[str, Any]) -> Iterator[str]:
    """The queue in words."""
    outbox, up = status["outbox"], status["process"]["up"]
    used = f"{words.size(outbox['bytes'])} of {words.size(outbox['limit'])}"
    yield f"card      {used}, {words.seqs(outbox['first'], outbox['last'])}"
    held = words.counted(outbox["held"], "reading")
    yield f"          {words.counted(outbox['alarms'], 'alarm')}, {held} in memory, {outbox['overrun']} lost there"
    if outbox["trouble"]:
        yield f"          ✗ degraded: storage: {outbox['trouble']}"
    yield f"room      {_room(outbox, status['uplinks'], up)}"
    yield from (f"wear      {line}" for line in _wear(outbox, up))
    for uplink in status["uplinks"]:
        balance = uplink["delivered"] + uplink["waiting"] + uplink["evicted"] + uplink["refused"]
        yield f"{uplink['name']:9} {uplink['state']}, taken {words.grouped(uplink['taken'])} ="
        yield "          " + " + ".join(
            f"{name} {words.grouped(uplink[name])}" for name in ("delivered", "waiting", "evicted", "refused")
        )
        if uplink["awaited"]:
            oldest, newest = uplink["awaited"]
            yield f"          seq {oldest}..{newest} went to the broker, and no receipt of the centre covers it yet"
        mark = "✓ every reading is accounted for" if balance == uplink["taken"] else "✗ the account is off"
        yield f"          {mark}"


def _room(outbox: dict[str, Any], uplinks: Sequence[dict[str, Any]], up: float) -> str:
    """When the card is full if nothing is delivered from now on, at the pace since the start."""
    kept = outbox["last"] - outbox["first"] + 1
    if up < 60 or not outbox["taken"] or not kept:
        return "not known yet: it takes a minute of readings"
    each = max(outbox["bytes"] / kept if kept > 100_000 else PLAIN, 1)
    waiting = max((uplink["waiting"] for uplink in uplinks), default=0)
    pace = outbox["taken"] / up
    left = max(0.0, outbox["limit"] - waiting * each) / each / pace
    return f"for {words.span(left)} more without a link, at {pace:.2g} readings a second"


def _wear(outbox: dict[str, Any], up: float) -> Iterator[str]:
    written = outbox["written"]
    if written is None or up < 60:
        yield "not known yet: it takes a minute, and a card that counts what is written to it"
        return
    day = written / up * 86400
    days = CARD * CYCLES / max(day, 1)
    lasts = f"{min(days / 365.25, 999):.0f} years" if days >= 2 * 365.25 else words.span(days * 86400)
    yield f"{words.size(day)} a day from all programs; a card of 16 GB with {CYCLES} cycles lasts {lasts} at that"


def _journal(state: Path) -> Iterator[str]:
    often = commits_every(state)
    if often is not None and often < SPARING:
        yield f"journal   the file system writes its own every {often:.0f} s; once a minute spares the card:"
        yield "          sudo systemctl enable --now edge-card"


def _verify(given: Any) -> int:
    folder, audit = _folder(given.state), Audit()
    try:
        for _ in stored(folder, audit):
            pass
    except OSError as error:
        raise exits.Failure(f"{error.filename or folder}: {error.strerror}", exits.IO) from None
    whole = not audit.holes and not audit.unreadable
    if given.json:
        told = {name: getattr(audit, name) for name in ("readings", "first", "last", "segments", "holes", "unreadable")}
        print(json.dumps({"whole": whole, **told}))
        return exits.OK if whole else exits.FAILED
    what = f"{words.counted(audit.readings, 'reading')} in {words.counted(audit.segments, 'segment')}"
    print(f"{what}, {words.seqs(audit.first, audit.last)}")
    for first, last in audit.holes:
        print(f"missing: {first}..{last}")
    for why in audit.unreadable:
        print(f"unreadable: {why}")
    print("every record is whole and none is missing" if whole else "see the gap events for what became of them")
    return exits.OK if whole else exits.FAILED


def _export(given: Any) -> int:
    folder = _folder(given.state)
    try:
        with given.out.open("x", encoding="utf-8", newline="") as out:
            count = _write(stored(folder), _dates(given.state), out, as_csv=given.out.suffix == ".csv")
    except FileExistsError:
        raise exits.Failure(f"{given.out} exists. Give another name", exits.CANNOT_CREATE) from None
    except OSError as error:
        raise exits.Failure(f"{error.filename or given.out}: {error.strerror}", exits.CANNOT_CREATE) from None
    print(f"wrote {words.counted(count, 'reading')} to {given.out}", file=sys.stderr)
    return exits.OK


def _dates(state: Path) -> Clock:
    """What the node knows of dates, also of earlier boots."""
    return Clock(anchors=anchors(State(state / "state.json")))


def _write(readings: Iterator[Stored], dates: Clock, out: TextIO, *, as_csv: bool) -> int:
    """All readings; ``time`` is in seconds since 1970, and empty where the node did not know the date."""
    sheet = csv.writer(out)
    if as_csv:
        sheet.writerow(COLUMNS)
    count = 0
    for count, (seq, reading) in enumerate(readings, 1):  # noqa: B007 - counted for the caller
        quality = reading.quality
        utc = dates.utc(reading.at)
        time = None if utc is None else round(utc / 1e9, 6)
        row = (seq, reading.device, reading.quantity, reading.value, reading.unit, time, *reading.at, reading.span,
               int(quality.level), " ".join(quality.reasons.words()), reading.raw)  # fmt: skip
        if as_csv:
            sheet.writerow(row)
        else:
            out.write(json.dumps(dict(zip(COLUMNS, row, strict=True))) + "\n")
    return count


def _replay(given: Any) -> int:
    found = re.fullmatch(r"(\d+)\.\.(\d+)", given.seqs)
    if found is None:
        raise exits.Failure(f"{given.seqs!r} is no range. Write A..B, for example 8402..9514", exits.USAGE)
    names = asked(given.state, "replay", first=int(found[1]), last=int(found[2]), to=given.to)
    print(f"{given.seqs} goes again to {', '.join(names)}, marked as replay")
    return exits.OK


def _folder(state: Path) -> Path:
    folder = state / "outbox"
    try:
        next(folder.iterdir(), None)
    except PermissionError:
        raise exits.Failure(f"{folder}: not yours to read. Do: the same with sudo", exits.PERMISSION) from None
    except OSError:
        what = f"there is no outbox in {state}. Give the state folder with --state DIR"
        raise exits.Failure(what, exits.IO) from None
    return folder
