"""The command ``edge``: one file a command, imported only when it is asked for."""

import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

import edge
from edge.cli import exits
from edge.lean import later

COMMANDS = {
    "run": "the node, in the foreground",
    "demo": "a simulated node and a broker of its own: cut the link, kill it",
    "check": "validates a configuration and reports every problem at once",
    "status": "how the running node is",
    "alarm": "which alarms stand, and why; acknowledges one",
    "maintenance": "flags what a sensor gives while somebody works at it",
    "calibrate": "calibration records of a sensor: makes, lists, undoes them",
    "why": "one reading traced from the driver to each destination",
    "queue": "the account of every reading; verify, export to a stick, replay",
    "support": "one file for whoever helps: how a node is, without secrets",
    "decode": "feeds a file to a driver, without hardware",
    "record": "writes what crosses a sensor's wire, to be replayed in a test",
    "send": "proves an uplink step by step, from name to acknowledgement",
    "receive": "the far end: stores what nodes send, says what is missing",
    "fleet": "many simulated nodes against a broker: a cut, the reconnects",
    "command": "makes keys, signs and sends commands to nodes",
    "audit": "which commands came to this node, and whether the trail is whole",
    "driver": "which drivers there are, and what each one needs",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code (see ``edge.cli.exits``)."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in ("-h", "--help", "help"):
        print(_help())
        return exits.OK if words else exits.USAGE
    if words[0] == "--version":
        print(f"edge {edge.__version__}")
        return exits.OK
    if words[0] not in COMMANDS:
        print(f"edge: there is no command {words[0]!r}{_nearest(words[0])}", file=sys.stderr)
        return exits.USAGE
    if words[0] == "run":
        later("inspect")
    module: Any = importlib.import_module(f"edge.cli.{words[0]}")
    return _guarded(module, words)


def _guarded(module: Any, words: list[str]) -> int:
    try:
        code: int = module.main(words[1:])
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader left: no traceback at exit
        return exits.OK
    except PermissionError as error:
        print(f"edge {words[0]}: {error.filename}: not yours to use. Do: the same with sudo", file=sys.stderr)
        return exits.PERMISSION
    except exits.Failure as failure:
        print(f"edge {words[0]}: {failure}", file=sys.stderr)
        return failure.code
    return code


def _help() -> str:
    lines = [f"  {name:12} {what}" for name, what in COMMANDS.items()]
    return "\n".join(["usage: edge COMMAND [OPTIONS]", "", *lines, "", "edge COMMAND --help says more."])


def _nearest(word: str) -> str:
    import difflib

    near = difflib.get_close_matches(word, COMMANDS, 1)
    return f"; did you mean {near[0]!r}?" if near else "; edge --help lists them"
