"""JSON without its loopholes: bounded, no key twice, no NaN.

The json module takes duplicate keys (the last one wins), NaN, Infinity and any depth; a command whose two readers see
two different things is a way in.
"""

import json
from typing import Any, NoReturn

from edge.commands.rejected import Rejected

DEPTH = 8
KEYS = 256
DIGITS = 32  # of a number


def parsed(text: bytes) -> Any:
    """The value. Raises ``Rejected`` for anything that is not plain, small JSON in UTF-8."""
    seen = 0

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal seen
        seen += len(pairs)
        if seen > KEYS:
            raise Rejected("too_large", f"there are more than {KEYS} keys")
        table = dict(pairs)
        if len(table) < len(pairs):
            raise Rejected("malformed", "a key stands twice in one object")
        return table

    _check_depth(text)
    try:
        return json.loads(
            text.decode(), object_pairs_hook=once, parse_constant=_constant, parse_int=_whole, parse_float=_fraction
        )
    except (ValueError, RecursionError) as error:
        raise Rejected("malformed", f"it is no JSON: {error}") from None


def _check_depth(text: bytes) -> None:
    """Counts brackets before anything is built; those within texts do not count."""
    depth, quoted, escaped = 0, False, False
    for byte in text:
        if quoted:
            quoted, escaped = byte != 0x22 or escaped, byte == 0x5C and not escaped
        elif byte == 0x22:
            quoted = True
        elif byte in b"[{":
            depth += 1
            if depth > DEPTH:
                raise Rejected("too_large", f"it is nested more than {DEPTH} deep")
        elif byte in b"]}":
            depth -= 1


def _constant(word: str) -> NoReturn:
    raise Rejected("malformed", f"{word} is no number")


def _whole(text: str) -> int:
    if len(text) > DIGITS:
        raise Rejected("malformed", f"a number has more than {DIGITS} digits")
    return int(text)


def _fraction(text: str) -> float:
    value = float(text) if len(text) <= DIGITS else float("inf")
    if value in (float("inf"), float("-inf")):
        raise Rejected("malformed", f"{text[:DIGITS]} is no number a node works with")
    return value
