"""The command line of ``edge receive``, and its loop."""

import argparse
import contextlib
import json
import logging
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from edge.cli import exits
from edge.cli.args import add_json, parser
from edge.cli.dial import TOPIC, Line, add_broker
from edge.cli.receive.account import Account
from edge.cli.receive.centre import Centre
from edge.cli.receive.events import EventLines
from edge.cli.receive.store import Store, store
from edge.cli.words import counted, grouped
from edge.durable import replace_file

CHANNELS = ("readings", "alarms", "event", "inventory")
TURN = 1.0  # seconds between two syncs at most
PAUSE = 0.05  # seconds of silence before a sync: the broker may send no more until it has acknowledgements
SHOWN = 5  # gaps that the report names


def main(argv: Sequence[str]) -> int:
    """Receives until SIGTERM, Ctrl-C or the end that was asked for; exit 1 when readings are missing."""
    args = _words().parse_args(argv)
    logging.basicConfig(stream=sys.stderr, format="%(levelname)-7s %(message)s")
    _check(args)
    try:
        place = store(args.file, args.format)
        with contextlib.closing(place), contextlib.closing(EventLines(args.events)) as told:
            saved = _saved(args.file)
            centre = Centre(place, saved, told)
            for node, seq in place.recovered(saved.get("size", 0)):
                centre.accounts[node].take(seq)
            with Line(args, args.client_id, keep=True) as line, _asked_to_stop() as stopping:
                _run(args, centre, place, line, stopping)
    except ValueError as error:
        raise exits.Failure(str(error), exits.USAGE) from None
    except BrokenPipeError:  # who read our output has left
        raise
    except (OSError, sqlite3.Error) as error:
        where, why = (error.filename, error.strerror) if isinstance(error, OSError) else (None, str(error))
        raise exits.Failure(f"{where or args.file}: {why}", exits.IO) from None
    _report(args, centre)
    return exits.FAILED if any(account.missing for account in centre.accounts.values()) else exits.OK


def _check(args: argparse.Namespace) -> None:
    """Refuses what cannot be meant."""
    if not {"{node}", "{channel}"} <= set(args.topic.split("/")):
        raise exits.Failure(f"--topic {args.topic} lacks a level {{node}} or {{channel}}. Do: {TOPIC}", exits.USAGE)
    if args.receipts and args.file is None:
        raise exits.Failure("a receipt says that a reading is stored. Do: give a FILE", exits.USAGE)


def _words() -> argparse.ArgumentParser:
    what = "Stores what nodes send, each reading once, and says what is missing."
    words = parser("receive", what, "receive city.sqlite --broker broker.example --receipts", "receive --seconds 60")
    words.add_argument("file", nargs="?", type=Path, metavar="FILE", help="by its name: .csv, .sqlite, else JSON lines")
    add_broker(words)
    words.add_argument("--events", type=Path, metavar="FILE", help="JSON lines of what nodes tell: commands, gaps, ...")
    words.add_argument("--node", default="+", metavar="NODE", help="this one only (default: all)")
    words.add_argument("--format", choices=("jsonl", "csv", "sqlite"), help="in place of what the name of FILE says")
    words.add_argument("--client-id", default="edge-receive", metavar="ID", help="who asks (default: %(default)s)")
    words.add_argument("--receipts", action="store_true",
                       help='tells nodes what is stored, for custody = "receipt"; needs FILE')  # fmt: skip
    words.add_argument("--from", type=int, default=1, dest="start", metavar="SEQ",
                       help="receipts count from this seq on (default: 1)")  # fmt: skip
    words.add_argument("--seconds", type=float, metavar="N", help="ends after so long")
    words.add_argument("--until", type=int, metavar="N", help="ends when so many readings are here")
    add_json(words)
    return words


def _run(args: argparse.Namespace, centre: Centre, place: Store, line: Line, stopping: list[int]) -> None:
    for channel in CHANNELS:
        line.subscribe(args.topic.format(node=args.node, channel=channel))
    end = time.monotonic() + args.seconds if args.seconds else float("inf")
    while not stopping and time.monotonic() < end and not _enough(args, centre):
        turn = time.monotonic() + TURN
        wait, heard = TURN, False
        while (left := min(turn, end) - time.monotonic()) > 0 and (came := line.next(min(left, wait))) is not None:
            node, channel = _parts(args.topic, came.topic)
            centre.take(channel, node, came)
            wait, heard = PAUSE, True
        if heard:
            _keep(args, centre, place, line)
    _keep(args, centre, place, line)


def _keep(args: argparse.Namespace, centre: Centre, place: Store, line: Line) -> None:
    """First the readings, then the account of them, then what tells others of it: never the other way round.

    A kill in between leaves readings behind the account, where the next run finds them.
    """
    centre.sync()
    if args.file is not None:
        replace_file(_account(args.file), json.dumps({"size": place.size, **centre.as_dict()}).encode())
    line.acknowledge()
    if args.receipts:
        for node, upto in centre.receipts(args.start).items():
            line.post(args.topic.format(node=node, channel="receipt"), json.dumps({"upto": upto}).encode())


def _enough(args: argparse.Namespace, centre: Centre) -> bool:
    return args.until is not None and sum(account.received for account in centre.accounts.values()) >= args.until


def _parts(form: str, topic: str) -> tuple[str, str]:
    """Node and channel of a topic."""
    found = dict(zip(form.split("/"), topic.split("/"), strict=False))
    return found.get("{node}", ""), found.get("{channel}", "")


def _account(file: Path) -> Path:
    return file.with_name(file.name + ".account")


def _saved(file: Path | None) -> dict[str, Any]:
    """What an earlier run received into the same file."""
    if file is None or not file.exists() or not _account(file).exists():
        return {}
    saved: dict[str, Any] = json.loads(_account(file).read_text("utf-8"))
    return saved if "nodes" in saved else {"nodes": saved}  # as it was at first


@contextlib.contextmanager
def _asked_to_stop() -> Iterator[list[int]]:
    """A list that has something in it once somebody asked for the end."""
    asked: list[int] = []
    before = {
        which: signal.signal(which, lambda number, _: asked.append(number)) for which in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield asked
    finally:
        for which, handler in before.items():
            signal.signal(which, handler)


def _report(args: argparse.Namespace, centre: Centre) -> None:
    """The account of each node; where readings go to stdout, it goes beside them."""
    accounts = {node: _summary(account) for node, account in sorted(centre.accounts.items())}
    if args.json:
        text = json.dumps({"nodes": accounts, "unreadable": centre.unreadable})
        print(text, file=sys.stdout if args.file else sys.stderr)
        return
    for node, account in accounts.items():
        print(_sentence(node, account), file=sys.stderr)
    if not accounts:
        print(f"nothing came on {args.topic.format(node=args.node, channel='readings')}", file=sys.stderr)


def _summary(account: Account) -> dict[str, Any]:
    names = ("first", "last", "received", "twice", "copies", "declared", "missing", "gaps")
    return {name: getattr(account, name) for name in names}


def _sentence(node: str, account: dict[str, Any]) -> str:
    runs = [f"{first}..{last}" if last > first else f"{first}" for first, last in account["gaps"]]
    more = f" and {counted(len(runs) - SHOWN, 'more run')}" if len(runs) > SHOWN else ""
    gaps = f" ({', '.join(runs[:SHOWN])}{more})" if runs else ""
    lost = f", lost as the node says {grouped(account['declared'])}" if account["declared"] else ""
    span = f"{node}: seqs {account['first']}..{account['last']}, received {grouped(account['received'])}"
    return f"{span}, twice {grouped(account['twice'])}{lost}, missing {grouped(account['missing'])}{gaps}"
