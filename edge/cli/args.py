"""What the commands share about their arguments."""

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from edge.cli import exits

CONFIG = "/etc/edge"
STATE = "/var/lib/edge"


class Format(argparse.HelpFormatter):
    """Help as wide as the terminal, found out without shutil, which would cost the daemon bz2, lzma and more."""

    def __init__(self, prog: str) -> None:
        try:
            columns = int(os.environ.get("COLUMNS", "")) or 80
        except ValueError:
            columns = os.get_terminal_size(1).columns if os.isatty(1) else 80
        super().__init__(prog, width=max(40, columns - 2))

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        """What has lines of its own keeps them."""
        return text if "\n" in text else super()._fill_text(text, width, indent)


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors exit with 64, as sysexits.h has it."""

    def error(self, message: str) -> NoReturn:
        """Says what is wrong, and where all that would be right is told."""
        self.exit(exits.USAGE, f"{self.prog}: {message}. See: {self.prog} --help\n")


def parser(command: str, what: str, *examples: str, more: str = "") -> Parser:
    """A parser for ``edge <command>``; below the options its help has what is to be told ``more``, and examples."""
    return Parser(prog=f"edge {command}", description=what, epilog=_epilog(more, examples), formatter_class=Format)


def kind(of: Any, name: str, what: str, *examples: str) -> Parser:
    """A parser for ``edge <command> <name>`` among the kinds ``of`` a command."""
    made: Parser = of.add_parser(name, help=what, description=f"{what[:1].upper()}{what[1:]}.",
                                 epilog=_epilog("", examples), formatter_class=Format)  # fmt: skip
    return made


def _epilog(more: str, examples: Sequence[str]) -> str:
    shown = "\n".join(("examples:", *(f"  edge {example}" for example in examples))) if examples else ""
    return "\n\n".join(part for part in (more, shown) if part)


def add_config(to: argparse.ArgumentParser) -> None:
    """``--config FILE|DIR``, by default EDGE_CONFIG or /etc/edge."""
    to.add_argument("--config", type=Path, default=Path(os.environ.get("EDGE_CONFIG", CONFIG)), metavar="FILE|DIR",
                    help="configuration (default: EDGE_CONFIG or /etc/edge)")  # fmt: skip


def add_state(to: argparse.ArgumentParser, *, again: bool = False) -> None:
    """``--state DIR``, by default EDGE_STATE or /var/lib/edge; ``again`` for a kind of a command that has it too."""
    default = argparse.SUPPRESS if again else Path(os.environ.get("EDGE_STATE", STATE))
    to.add_argument("--state", type=Path, default=default, metavar="DIR",
                    help="where the node keeps its data (default: EDGE_STATE or /var/lib/edge)")  # fmt: skip


def add_json(to: argparse.ArgumentParser, *, again: bool = False) -> None:
    """``--json``; ``again`` for a kind of a command that has it too."""
    default = argparse.SUPPRESS if again else False
    to.add_argument("--json", action="store_true", default=default, help="for machines")


def duration(zero: str = "more than 0") -> Callable[[str], float]:
    """A type for arguments such as ``1h``, in seconds; ``zero`` is what those are told who give 0."""

    def seconds(text: str) -> float:
        from edge.settings import units  # few commands know settings

        try:
            given = units.duration(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None
        if not given:
            raise argparse.ArgumentTypeError(zero)
        return given

    return seconds
