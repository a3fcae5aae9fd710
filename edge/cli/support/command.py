"""``edge support``: writes one file to be sent to whoever helps; nothing of the node is changed."""

import errno
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edge.cli import args, exits, words
from edge.cli.support.archive import free, write
from edge.cli.support.contents import Part, node_of, parts

REMEDIES = {
    errno.EROFS: ("is on a read-only card", exits.CANNOT_CREATE, "edge support /tmp"),
    errno.EACCES: ("is not yours to write", exits.PERMISSION, "edge support /tmp, or sudo edge support"),
    errno.EPERM: ("is not yours to write", exits.PERMISSION, "edge support /tmp, or sudo edge support"),
    errno.ENOENT: ("lies in no folder that exists", exits.CANNOT_CREATE, "edge support /tmp"),
    errno.EEXIST: ("exists already", exits.CANNOT_CREATE, "give another name"),
    errno.ENOSPC: ("has no room: the disk is full", exits.IO, "df -h, or a stick: edge support /media/usb"),
}


def main(argv: Sequence[str]) -> int:
    """Prints the path of the file and what is in it; 0 although parts may be missing, 73 when it cannot be written."""
    what = "Writes one file with all that helps to find a fault, without secrets."
    parser = args.parser("support", what, "support /tmp", "support --json /media/usb")
    parser.add_argument("out", type=Path, nargs="?", default=Path(), metavar="FOLDER|FILE",
                        help="where to (default: here, edge-support-NODE.tar.gz)")  # fmt: skip
    args.add_config(parser)
    args.add_state(parser)
    args.add_json(parser)
    given = parser.parse_args(argv)
    name = f"edge-support-{node_of(given.config, given.state)}"
    found = list(parts(given.config, given.state))
    inside = [part for part in found if not part.why]
    listing = Part("contents.json", "what is in this file, and what is missing", _listing(found))
    path = _written(given.out, name, [listing, *inside])
    _tell(path, [listing, *found], as_json=given.json)
    return exits.OK


def _written(out: Path, name: str, inside: Sequence[Part]) -> Path:
    folder = os.path.isdir(out)  # noqa: PTH112 - Path.is_dir raises PermissionError
    for path in free(out, name) if folder else (out,):
        try:
            write(path, name, inside)
        except FileExistsError:
            if path == out:
                raise _failure(path, errno.EEXIST, "") from None
            continue
        except OSError as error:
            raise _failure(path, error.errno or 0, error.strerror or str(error)) from None
        return path
    raise exits.Failure(f"{out} is full of support files. Do: rm {out}/{name}-*.tar.gz", exits.CANNOT_CREATE)


def _failure(path: Path, number: int, text: str) -> exits.Failure:
    what, code, remedy = REMEDIES.get(number, (f"cannot be written: {text}", exits.IO, "edge support /tmp"))
    return exits.Failure(f"{path} {what}. Do: {remedy}", code)


def _listing(found: Sequence[Part]) -> bytes:
    return json.dumps(_told(found), indent=1).encode() + b"\n"


def _told(found: Sequence[Part]) -> dict[str, Any]:
    return {
        "parts": [{"name": part.name, "what": part.what, "bytes": len(part.content)} for part in found if not part.why],
        "missing": [{"name": part.name, "what": part.what, "why": part.why} for part in found if part.why],
    }


def _tell(path: Path, found: Sequence[Part], *, as_json: bool) -> None:
    size = path.stat().st_size
    if as_json:
        print(json.dumps({"file": str(path), "bytes": size, **_told(found)}))
        return
    print(path)
    for part in found:
        how = f"missing: {part.why}" if part.why else words.size(len(part.content))
        print(words.said(f"  {part.name:24} {how}", sys.stderr), file=sys.stderr)
    print(f"{words.size(size)}. Only you can read it, and secrets are left out; see for yourself:", file=sys.stderr)
    print(f"  tar -xzf {path}", file=sys.stderr)
