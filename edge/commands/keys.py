"""Whose commands count: public keys (Ed25519, RFC 8032), one a line in a file: ``NAME BASE64``.

The curve comes from the package cryptography, which takes 8 MB: a node loads it for the first command of a known key.
"""

import base64
import binascii
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from edge.commands.envelope import Envelope
from edge.commands.rejected import Rejected

PACKAGE = "cryptography"
REMEDY = f"commands need the package {PACKAGE}: apt install python3-{PACKAGE}, or pip install 'edge-gateway[commands]'"


class Keys:
    """The public keys by name."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """``keys`` are raw keys of 32 bytes. Raises ``ImportError`` with a remedy where the package is missing."""
        if find_spec(PACKAGE) is None:
            raise ImportError(REMEDY)
        self._keys = dict(keys)

    def verify(self, envelope: Envelope) -> None:
        """Raises ``Rejected`` unless the named key made the signature."""
        raw = self._keys.get(envelope.key)
        if raw is None:
            raise Rejected("unknown_key", f"no key is named {envelope.key!r} here")
        try:
            curve = _curve()
        except (ImportError, OSError) as error:  # the card has failed since the start
            raise Rejected("not_now", str(error)) from error
        from cryptography.exceptions import InvalidSignature

        try:
            curve.Ed25519PublicKey.from_public_bytes(raw).verify(envelope.signature, envelope.signed)
        except InvalidSignature:
            raise Rejected("bad_signature", "the signature is not of this key and these bytes") from None


def read_keys(path: Path) -> dict[str, bytes]:
    """The keys of a file; lines that begin with # do not count. Raises ``OSError`` or ``ValueError``."""
    found: dict[str, bytes] = {}
    for number, line in enumerate(path.read_text(encoding="ascii").splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        try:
            name, raw = words[0], base64.b64decode(words[1], validate=True)
        except (IndexError, binascii.Error):
            raise ValueError(f"line {number} is not 'NAME KEY-IN-BASE64'") from None
        if len(raw) != 32:
            raise ValueError(f"line {number}: a key has 32 bytes, this one {len(raw)}")
        if name in found:
            raise ValueError(f"line {number}: a second key is named {name!r}")
        found[name] = raw
    if not found:
        raise ValueError("there is no key in it")
    return found


def new_key() -> tuple[bytes, bytes]:
    """A fresh private key and its public one, 32 bytes each."""
    private = _curve().Ed25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def sign(private: bytes, message: bytes) -> bytes:
    """The signature of 64 bytes."""
    signature: bytes = _curve().Ed25519PrivateKey.from_private_bytes(private).sign(message)
    return signature


def _curve() -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as error:
        raise ImportError(f"{REMEDY} ({error})") from error
    return ed25519
