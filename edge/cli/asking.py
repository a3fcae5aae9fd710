"""Asks the running node, and says what to do where there is none."""

from pathlib import Path
from typing import Any

from edge.cli import exits
from edge.control import ask

NEVER = "no node ever ran on {}. Another state folder: --state DIR"


def asked(state: Path, word: str, **more: Any) -> Any:
    """The node's answer. Raises ``Failure`` with a remedy when there is none, or when it refuses."""
    try:
        answer = ask(state, word, **more)
    except PermissionError:
        raise exits.Failure(f"{state}: not yours to ask. Do: the same with sudo", exits.PERMISSION) from None
    except (OSError, ValueError):
        what = f"no node runs on {state}"
        remedy = "systemctl status edge, or start one: edge run; another state folder: --state DIR"
        raise exits.Failure(f"{what}. Do: {remedy}", exits.UNAVAILABLE) from None
    if isinstance(answer, dict) and "error" in answer:
        raise exits.Failure(f"the node refuses: {answer['error']}", exits.USAGE)
    return answer
