"""What the commands share about their arguments."""

import argparse
import os
import sys
from collections.abc import Callable
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


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors exit with 64, as sysexits.h has it."""

    def error(self, message: str) -> NoReturn:
        """Shows the usage and the error."""
        self.print_usage(sys.stderr)
        self.exit(exits.USAGE, f"{self.prog}: {message}\n")


def parser(command: str, what: str, **more: Any) -> Parser:
    """A parser for ``edge <command>``."""
    return Parser(prog=f"edge {command}", description=what, **{"formatter_class": Format, **more})


def add_config(to: argparse.ArgumentParser) -> None:
    """``--config FILE|DIR``, by default EDGE_CONFIG or /etc/edge."""
    to.add_argument("--config", type=Path, default=Path(os.environ.get("EDGE_CONFIG", CONFIG)), metavar="FILE|DIR",
                    help="configuration (default: EDGE_CONFIG or /etc/edge)")  # fmt: skip


def add_state(to: argparse.ArgumentParser) -> None:
    """``--state DIR``, by default EDGE_STATE or /var/lib/edge."""
    to.add_argument("--state", type=Path, default=Path(os.environ.get("EDGE_STATE", STATE)), metavar="DIR",
                    help="where the node keeps its data (default: EDGE_STATE or /var/lib/edge)")  # fmt: skip


def add_json(to: argparse.ArgumentParser) -> None:
    """``--json``."""
    to.add_argument("--json", action="store_true", help="for machines")


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
