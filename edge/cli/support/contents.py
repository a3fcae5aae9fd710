"""What a support file holds: each part by a name, or why it is missing."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from edge.cli.support.board import facts
from edge.cli.support.scrub import Scrubber
from edge.control import ask
from edge.settings import examine
from edge.state import tables

JOURNAL = ("journalctl", "--quiet", "--no-pager", "--output=short-iso", "--lines=2000", "--unit=edge")
KERNEL = ("journalctl", "--quiet", "--no-pager", "--output=short-iso", "--lines=300", "--dmesg")
PATIENCE = 20.0  # seconds that the journal may take
LARGEST = 1 << 20  # bytes of a file that is taken in
ASKED = {
    "status": "how the running node is, with the account of each destination and the queue",
    "health": "what it tells the centre each minute",
    "inventory": "its devices, quantities, units and channels",
    "events": "what happened that some destination does not know yet",
}
KEPT = {
    "cursors": "what each destination has: delivered, evicted, refused",
    "clock": "anchors: what tied each boot to the calendar",
    "events": "events as they were saved last",
    "channels": "the numbers of the channels",
    "calibration": "calibration records",
    "rules": "alarms that stood",
    "maintenance": "sensors that somebody worked at",
    "memory": "totals and running hours",
    "budgets": "what metered links have carried",
    "places": "the address that led to each broker last",
}


class Part(NamedTuple):
    """A file of the archive: what it is, and its content or, in its place, why there is none."""

    name: str
    what: str
    content: bytes = b""
    why: str = ""


def parts(config: Path, state: Path) -> Iterator[Part]:
    """All parts, without secrets, whatever of the node is broken."""
    files = _configs(config, state)
    scrub = Scrubber(files.values())
    for name, path in files.items():
        yield _read(f"config/{name}", "a configuration file, secrets left out", path, scrub.config)
    yield _made("check.txt", "what `edge check` says of it", lambda: _checked(config), scrub)
    yield from (_clean(part, scrub) for part in _asked(state))
    yield from (_clean(part, scrub) for part in _kept(state))
    yield _made(
        "files.txt",
        "names, sizes and rights of the node's files",
        lambda: _told(("ls", "-lAR", str(config), str(state))),
        scrub,
    )
    yield _made("machine.json", "versions, libraries, kernel and board", lambda: _json(facts(state)), scrub)
    yield _made("journal.txt", "the last lines of the service", lambda: _told(JOURNAL), scrub)
    yield _made("kernel.txt", "the last lines of the kernel", lambda: _told(KERNEL), scrub)


def node_of(config: Path, state: Path) -> str:
    """The id in the configuration or, where that is broken, of the running node; "unknown" without either."""
    settings, _ = examine(config)
    if settings is not None:
        return settings.node.id
    try:
        return str(ask(state, "status")["node"])
    except (OSError, ValueError, KeyError):
        return "unknown"


def _configs(config: Path, state: Path) -> dict[str, Path]:
    """The files of the node, and those that the centre put in their place."""
    found = {config.name: config}
    if os.path.isdir(config):  # noqa: PTH112 - Path.is_dir raises PermissionError
        own = [config / "edge.toml", *_files(config / "conf.d")]
        found = {str(path.relative_to(config)): path for path in own}
    return found | {f"from-afar/{path.name}": path for path in _files(state / "config")}


def _files(folder: Path) -> list[Path]:
    """The configurations in a folder; none where there is no such folder, or it is not ours to look into."""
    try:
        return [folder / name for name in sorted(os.listdir(folder)) if name.endswith(".toml")]  # noqa: PTH208
    except OSError:
        return []


def _read(name: str, what: str, path: Path, scrubbed: Callable[[bytes], bytes]) -> Part:
    try:
        with path.open("rb") as file:
            return Part(name, what, scrubbed(file.read(LARGEST)))
    except OSError as error:
        return Part(name, what, why=f"{path}: {error.strerror}")


def _made(name: str, what: str, make: Callable[[], bytes], scrub: Scrubber) -> Part:
    try:
        return Part(name, what, scrub.text(make()))
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return Part(name, what, why=str(error))


def _clean(part: Part, scrub: Scrubber) -> Part:
    return part._replace(content=scrub.text(part.content))


def _asked(state: Path) -> Iterator[Part]:
    """What the running node tells."""
    why, answer = "", dict[str, Any]()
    try:
        answer = ask(state, "support")
    except PermissionError:
        why = "not yours to ask"
    except (OSError, ValueError) as error:
        why = f"no node runs on {state} ({error})"
    for name, what in ASKED.items():
        told = _json(answer[name]) if name in answer else b""
        yield Part(f"node/{name}.json", what, told, "" if told else why or str(answer.get("error", "not told")))


def _kept(state: Path) -> Iterator[Part]:
    """What the node has saved; its file is read, never touched."""
    why, known = "", dict[str, Any]()
    try:
        known = tables(state / "state.json")
    except (OSError, ValueError, RecursionError) as error:
        why = f"{state / 'state.json'}: {getattr(error, 'strerror', None) or error}"
    for name, what in KEPT.items():
        rows = {row["name"]: row["value"] for row in known.get(name, {}).values()}
        yield Part(f"state/{name}.json", what, b"" if why else _json(rows), why)


def _checked(config: Path) -> bytes:
    settings, problems = examine(config)
    verdict = "it can be used" if settings is not None else "it cannot be used"
    return "\n".join([*map(str, problems), f"{config}: {verdict}", ""]).encode()


def _told(command: tuple[str, ...]) -> bytes:
    """What a command prints, although it may complain. Raises ``OSError``, ``ValueError`` or ``SubprocessError``."""
    done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)  # noqa: S603 - one of ours
    if not done.stdout.strip():
        raise ValueError(done.stderr.decode("utf-8", "replace").strip() or f"{command[0]} has nothing")
    return done.stdout


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1).encode() + b"\n"
