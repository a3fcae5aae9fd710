"""``edge check``: validates a configuration and reports every problem at once."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from edge.cli import args, exits
from edge.settings import Problem, Settings, examine


def main(argv: Sequence[str]) -> int:
    """Prints every problem; 0 when the configuration can be used (warnings or not), otherwise 78."""
    what = "Validates a configuration and reports every problem at once."
    parser = args.parser("check", what, "check", "check new.toml && sudo cp new.toml /etc/edge/edge.toml")
    parser.add_argument("file", type=Path, nargs="?", metavar="FILE|DIR", help="what to check, in place of --config")
    args.add_config(parser)
    args.add_json(parser)
    given = parser.parse_args(argv)
    path: Path = given.file or given.config
    settings, problems = examine(path)
    _print(_json(settings, problems) if given.json else _text(path, settings, problems))
    return exits.CONFIG if settings is None else exits.OK


def _text(path: Path, settings: Settings | None, problems: list[Problem]) -> str:
    warnings = sum(problem.severity == "warning" for problem in problems)
    more = f", {_count(warnings, 'warning')}" if warnings else ""
    if settings is None:
        errors = _count(len(problems) - warnings, "problem")
        last = f"{errors}{more}. The running node keeps its last good configuration."
    else:
        rules = f"{_count(len(settings.rules), 'rule')}, " if settings.rules else ""
        what = f"{_count(len(settings.sensors), 'sensor')}, {rules}{_count(len(settings.uplinks), 'uplink')}"
        last = f"{path}: ok - {what}{more}"
    return "\n".join([*map(str, problems), last])


def _json(settings: Settings | None, problems: list[Problem]) -> str:
    answer = {
        "ok": settings is not None,
        "sensors": None if settings is None else len(settings.sensors),
        "rules": None if settings is None else len(settings.rules),
        "uplinks": None if settings is None else len(settings.uplinks),
        "digest": None if settings is None else settings.digest,
        "problems": [problem.as_json() for problem in problems],
    }
    return json.dumps(answer)


def _print(text: str) -> None:
    """On a terminal that is not UTF-8 a question mark stands for what it cannot show."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding))


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
