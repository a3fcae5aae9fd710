"""``edge run``: the node, in the foreground."""

import ctypes
import logging
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress

from edge.cli import exits
from edge.cli.args import add_config, add_state, parser
from edge.errors import AlreadyRunning, StorageError
from edge.node import Node
from edge.remote.origin import Origin
from edge.remote.remote import attach
from edge.settings import SettingsError

M_ARENA_MAX = -8  # malloc.h
PR_SET_DUMPABLE = 4  # linux/prctl.h


def main(argv: Sequence[str]) -> int:
    """Runs until SIGTERM or SIGINT; SIGHUP reloads the configuration."""
    what = "Runs the node until SIGTERM; SIGHUP reloads the configuration."
    words = parser("run", what, "run", "run --config node --state node/state")
    add_config(words)
    add_state(words)
    words.add_argument("--verbose", action="store_true", help="more in the log")
    args = words.parse_args(argv)
    _log_to_stderr(verbose=args.verbose)
    _one_arena()
    _no_core()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is a node that could reload
    try:
        origin = Origin(args.config, args.state)
        node = Node(origin.load(), args.state)
    except SettingsError as error:
        raise exits.Failure(f"the configuration is wrong, the node does not start\n{error}", exits.CONFIG) from None
    except AlreadyRunning as error:
        raise exits.Failure(str(error), exits.TRY_AGAIN) from None
    except StorageError as error:
        raise exits.Failure(f"{error}. Give a folder of your own with --state DIR", exits.CANNOT_CREATE) from None
    attach(node, origin)
    signal.signal(signal.SIGTERM, lambda *_: node.stop())
    signal.signal(signal.SIGINT, lambda *_: node.stop())
    signal.signal(signal.SIGHUP, lambda *_: node.reload(origin.load))
    node.run()
    return exits.OK


def _log_to_stderr(*, verbose: bool) -> None:
    """Lines for the journal, which adds the time itself."""
    level = logging.DEBUG if verbose else logging.INFO
    logging.basicConfig(stream=sys.stderr, level=level, format="%(levelname)-7s %(name)s: %(message)s")


def _one_arena() -> None:
    """Lets all threads share one heap: glibc gives each its own, of which most stays empty (mallopt(3))."""
    with suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def _no_core() -> None:
    """A crash leaves no memory image, which would hold secrets; no limit forbids one that a pipe takes (core(5))."""
    with suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
