"""What a command looks like on the wire: a line with the signature, then the command itself in JSON.

::

    edge1 KEY BASE64-SIGNATURE
    {"node": "LP-0417", "counter": 17, "command": "replay", "args": {"first": 1, "last": 900}}

The signature (Ed25519, RFC 8032) covers ``edge1 KEY``, a line feed and every byte behind the first line, as
they came: nothing is brought into a canonical form first. The counter of a key only ever grows, so that no clock is
needed on either side.
"""

import base64
import binascii
from typing import Any, NamedTuple

from edge.commands.rejected import Rejected
from edge.commands.strict import parsed

LIMIT = 48 * 1024  # bytes; a configuration must fit
VERSION = "edge1"
HIGHEST = 1 << 53  # counters above are no numbers in JSON
NAME = 64  # characters of a name


class Envelope(NamedTuple):
    """A message taken apart, nothing of it believed yet."""

    key: str
    signature: bytes
    body: bytes

    @property
    def signed(self) -> bytes:
        """What the signature covers."""
        return signed_part(self.key, self.body)


class Command(NamedTuple):
    """A command as its author meant it."""

    key: str
    node: str
    counter: int
    name: str
    args: dict[str, Any]


def signed_part(key: str, body: bytes) -> bytes:
    """The bytes to sign or to verify."""
    return f"{VERSION} {key}\n".encode() + body


def packed(key: str, signature: bytes, body: bytes) -> bytes:
    """The message."""
    return f"{VERSION} {key} ".encode() + base64.b64encode(signature) + b"\n" + body


def opened(message: bytes) -> Envelope:
    """Takes a message apart. Raises ``Rejected``."""
    if len(message) > LIMIT:
        raise Rejected("too_large", f"it has {len(message)} bytes, more than {LIMIT}")
    line, _, body = message.partition(b"\n")
    words = line.split(b" ")
    if len(words) != 3 or words[0] != VERSION.encode() or not 0 < len(words[1]) <= NAME:
        raise Rejected("malformed", f"the first line is not '{VERSION} KEY SIGNATURE'")
    try:
        return Envelope(words[1].decode("ascii"), base64.b64decode(words[2], validate=True), body)
    except (UnicodeDecodeError, binascii.Error):
        raise Rejected("malformed", "the signature is not in base64, or the name of the key not in ASCII") from None


def read(envelope: Envelope) -> Command:
    """The command within; only for an envelope whose signature is right. Raises ``Rejected``."""
    match parsed(envelope.body):
        case {"node": str(node), "counter": int(counter), "command": str(name), **rest} if (
            not isinstance(counter, bool) and 0 < counter < HIGHEST and not rest.keys() - {"args"}
        ):
            args = rest.get("args", {})
            if isinstance(args, dict):
                return Command(envelope.key, node, counter, name, args)
    raise Rejected("malformed", "it is not node, counter, command and args, or the counter is not within 1 .. 2^53")
