"""``edge audit``: who asked this node for what, and whether the trail is whole."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from edge.cli import exits
from edge.cli.args import add_json, add_state, parser
from edge.cli.asking import NEVER
from edge.cli.words import counted, span
from edge.commands.audit import broken, lines

SHOWN = 100  # characters of what was asked for, or why not


def main(argv: Sequence[str]) -> int:
    """Prints the trail; with ``--verify`` only whether a line was changed or taken out."""
    what = "Shows which commands came, and proves that no line of the trail was changed."
    words = parser("audit", what, "audit", "audit --verify", "audit --last 3 --json")
    words.add_argument("--verify", action="store_true", help="only checks the chain; exit 1 when it is broken")
    words.add_argument("--last", type=int, default=20, metavar="N", help="newest lines to show (default: 20)")
    add_state(words)
    add_json(words)
    args = words.parse_args(argv)
    if not args.state.is_dir():
        raise exits.Failure(NEVER.format(args.state), exits.UNAVAILABLE)
    found, why = _trail(args.state / "audit.jsonl")
    if args.verify and args.json:
        print(json.dumps({"lines": len(found), "broken": why}))
    elif not args.verify:
        for line in found[-args.last :]:
            print(line.decode().rstrip() if args.json else _row(line))
    if why:
        print(f"the trail is broken: {why}", file=sys.stderr)
    elif not args.json:
        whole = f"{counted(len(found), 'line')}, each follows from the one before"
        print(whole if found else "no command ever came to this node", file=sys.stderr)
    return exits.FAILED if why else exits.OK


def _trail(path: Path) -> tuple[list[bytes], str | None]:
    """Its lines, and where it is broken."""
    try:
        return list(lines(path)), broken(path)
    except PermissionError:
        raise
    except OSError as error:
        raise exits.Failure(f"{path}: {error.strerror}. Do: ls -l {path}", exits.IO) from None


def _row(line: bytes) -> str:
    try:
        entry = json.loads(line)
        when = span(entry["ticks"] / 1e9) + " after boot" if entry["utc"] is None else _date(entry["utc"])
        given = _short(entry.get("args", "")).removeprefix("{}")
        who = f"{entry.get('key', 'unknown')} {entry.get('command', '')} {given}".strip()
        why = f"  {entry['code']}: {_short(entry['why'])}" if "code" in entry else ""
        return f"{entry['n']:6}  {when}  {entry['what']:8}  {who}{why}"
    except (ValueError, KeyError, TypeError):
        return "     ?  a torn line"


def _short(text: str) -> str:
    """The beginning of the first line; ``--json`` has it all."""
    first, more, _ = text.partition("\n")
    return f"{first[:SHOWN]} ..." if more or len(first) > SHOWN else first


def _date(utc: int) -> str:
    from datetime import UTC, datetime

    return f"{datetime.fromtimestamp(utc, UTC):%Y-%m-%d %H:%M:%S} UTC"
