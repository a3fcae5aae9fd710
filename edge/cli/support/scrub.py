"""Leaves secrets out of what is given away: those that are known, and whatever looks like one."""

import json
import os
import re
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from edge.uplink.secret import SERVICE

OUT = b'"(left out)"'
SHORTEST = 4  # bytes of a secret: less would be found in every other word

_WORDS = rb"(?:password|passwd|passphrase|secret|token|api[_-]?key|private[_-]?key|credential)"
_NAMED = re.compile(_WORDS, re.IGNORECASE)
_ASSIGNED = re.compile(  # password = "...", "token": "...", secret=...; a path under ..._file is none
    rb"""(?ix) ( """
    + _WORDS
    + rb"""(?![\w-]*[_-]file) [\w-]* ["']? [ \t]*[=:][ \t]* )
    ( "(?:[^"\\\n]|\\.)*" | '[^'\n]*' | [^\s,;"'{}\[\]]+ )"""
)
_COMMENT = re.compile(rb"#[^\n]*" + _WORDS + rb"[^\n]*", re.IGNORECASE)
_LOGIN = re.compile(rb"(://[^/\s:@]*:)[^/\s@]+@")
_PEM = re.compile(rb"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_FILE = re.compile(rb"""\b(?:password_file|key_file)\s*=\s*["']([^"'\n]+)["']""")


class Scrubber:
    """Knows the secrets of a node, as far as its configuration names them and this user may read them."""

    def __init__(self, configs: Iterable[Path], credentials: Path = SERVICE) -> None:
        """Reads the files that these configuration files call secret, and the credentials of the service."""
        folders = (credentials, Path(os.environ.get("CREDENTIALS_DIRECTORY") or credentials))
        known = {secret for path in configs for secret in _configured(path)}
        known |= {line for folder in folders for path in _files(folder) for line in _lines(path)}
        forms = {form for secret in known for form in (secret, _escaped(secret)) if len(form) >= SHORTEST}
        longest = sorted(forms, key=len, reverse=True)
        self._known = re.compile(b"|".join(map(re.escape, longest))) if longest else None

    def text(self, content: bytes) -> bytes:
        """The same without secrets; what is JSON stays JSON."""
        if self._known is not None:
            content = self._known.sub(b"(left out)", content)
        content = _PEM.sub(rb"\1 (left out) \2", content)
        content = _LOGIN.sub(rb"\1(left out)@", content)
        return _ASSIGNED.sub(rb"\1" + OUT, content)

    def config(self, content: bytes) -> bytes:
        """A configuration file without secrets, also where somebody wrote one into a comment."""
        return self.text(_COMMENT.sub(b"# (left out)", content))


def _configured(path: Path) -> Iterator[bytes]:
    """The secrets that a configuration file leads to, and those that it holds although it must not."""
    try:
        content = path.read_bytes()
    except OSError:
        return
    for named in _FILE.findall(content):
        yield from _lines(path.parent / os.fsdecode(named))
    with suppress(ValueError, RecursionError):
        yield from _inside(tomllib.loads(content.decode()))


def _inside(value: Any, *, secret: bool = False) -> Iterator[bytes]:
    """The texts under keys that are named like a secret."""
    if isinstance(value, dict):
        for key, item in value.items():
            named = _NAMED.search(key.encode()) is not None and not key.endswith("_file")
            yield from _inside(item, secret=secret or named)
    elif isinstance(value, list):
        for item in value:
            yield from _inside(item, secret=secret)
    elif secret and isinstance(value, str):
        yield from _parts(value.encode())


def _lines(path: Path) -> Iterator[bytes]:
    with suppress(OSError, ValueError):
        yield from _parts(path.read_bytes())


def _parts(secret: bytes) -> Iterator[bytes]:
    """Its lines, each of which is one: a key is written on many."""
    return (line.strip() for line in secret.splitlines() if not line.startswith(b"-----"))


def _files(folder: Path) -> list[Path]:
    with suppress(OSError):
        return [path for path in folder.iterdir() if path.is_file()]
    return []


def _escaped(secret: bytes) -> bytes:
    """As JSON has it."""
    return json.dumps(secret.decode("utf-8", "replace"))[1:-1].encode()
