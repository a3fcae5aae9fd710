"""Whose commands count: public keys (Ed25519, RFC 8032), one a line in a file: ``NAME BASE64``.

The curve comes from the package cryptography, imported only where commands are enabled.
"""

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edge.commands.envelope import Envelope
from edge.commands.rejected import Rejected

PACKAGE = "cryptography"


class Keys:
    """The public keys by name."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """``keys`` are raw keys of 32 bytes. Raises ``ImportError`` with a remedy, ``ValueError`` for what is none."""
        curve = _curve()
        self._keys = {name: curve.Ed25519PublicKey.from_public_bytes(raw) for name, raw in keys.items()}

    def verify(self, envelope: Envelope) -> None:
        """Raises ``Rejected`` unless the named key made the signature."""
        from cryptography.exceptions import InvalidSignature

        key = self._keys.get(envelope.key)
        if key is None:
            raise Rejected("unknown_key", f"no key is named {envelope.key!r} here")
        try:
            key.verify(envelope.signature, envelope.signed)
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
        remedy = f"apt install python3-{PACKAGE}, or pip install 'edge-gateway[commands]'"
        raise ImportError(f"commands need the package {PACKAGE}: {remedy} ({error})") from error
    return ed25519
