"""``edge command``: keys for the centre, and commands for nodes."""

import argparse
import base64
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from textwrap import fill
from typing import Any

from edge.cli import exits
from edge.cli.args import add_json, kind, parser
from edge.clock import SystemWall
from edge.commands.envelope import packed, signed_part
from edge.commands.keys import new_key, sign
from edge.commands.orders import ORDERS

KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
ANSWER = 15.0  # seconds
INDENT = " " * 6


def main(argv: Sequence[str]) -> int:
    """``new-key``, ``sign`` or ``send``."""
    examples = "command new-key ops.key", "command send LP-0417 ping --key ops.key --broker broker.example"
    words = parser("command", "Makes keys, and signs and sends commands to nodes.", *examples, more=_orders())
    kinds = words.add_subparsers(dest="what", required=True, metavar="new-key|sign|send")
    new = kind(kinds, "new-key", "makes a key: FILE is secret, FILE.pub is for the nodes", examples[0])
    new.add_argument("file", type=Path, metavar="FILE", help="a new file, e.g. ops.key")
    new.add_argument("--name", metavar="NAME", help="its name at the nodes (default: the name of the file)")
    signing = kind(kinds, "sign", "prints the signed message", "command sign LP-0417 ping --key ops.key > message")
    sending = kind(kinds, "send", "sends a command and waits for the reply", examples[1],
                "command send LP-0417 replay first=1200 last=1210 --key ops.key")  # fmt: skip
    for one in (signing, sending):
        one.add_argument("node", metavar="NODE", help="the id of the node")
        one.add_argument("order", metavar="COMMAND", choices=sorted(ORDERS), help="one of: edge command --help")
        one.add_argument("args", nargs="*", metavar="KEY=VALUE", help="@FILE as value is the text of a file")
        one.add_argument("--key", type=Path, required=True, metavar="FILE", help="the secret key")
    _add_sending(sending)
    args = words.parse_args(argv)
    return {"new-key": _new_key, "sign": _sign, "send": _send}[args.what](args)


def _add_sending(to: argparse.ArgumentParser) -> None:
    from edge.cli.dial import add_broker

    add_broker(to)
    to.add_argument("--wait", type=float, default=ANSWER, metavar="SECONDS", help="for the reply (default: 15)")
    add_json(to)


def _orders() -> str:
    lines = ["commands:"]
    for name, order in ORDERS.items():
        options = " ".join(f"{option.name}=..." if option.required else f"[{option.name}=...]" for option in order.args)
        lines.append(f"  {name} {options}".rstrip())
        lines.append(fill(order.help, 78, initial_indent=INDENT, subsequent_indent=INDENT))
    return "\n".join(lines)


def _new_key(args: argparse.Namespace) -> int:
    name = args.name or args.file.stem
    try:
        private, public = new_key()
        fd = os.open(args.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "w", encoding="ascii") as file:
            file.write(f"{name} {base64.b64encode(private).decode()}\n")
        line = f"{name} {base64.b64encode(public).decode()}\n"
        args.file.with_suffix(".pub").write_text(line, encoding="ascii")
    except ImportError as error:
        raise exits.Failure(str(error), exits.UNAVAILABLE) from None
    except OSError as error:
        raise exits.Failure(f"{args.file}: {error.strerror}. Do: give another name", exits.CANNOT_CREATE) from None
    print(line, end="")
    print(f"the line above goes into keys_file of the nodes; {args.file} stays with you", file=sys.stderr)
    return exits.OK


def _sign(args: argparse.Namespace) -> int:
    sys.stdout.buffer.write(_message(args)[0])
    return exits.OK


def _send(args: argparse.Namespace) -> int:
    from edge.cli.dial import Line

    message, counter = _message(args)
    topic = {channel: args.topic.format(node=args.node, channel=channel) for channel in ("command", "reply")}
    with Line(args, f"edge-command-{os.getpid()}") as line:
        line.subscribe(topic["reply"])
        line.publish(topic["command"], message)
        reply = _reply(line, counter, args.wait)
    if reply is None:
        what = f"{args.node} has not replied within {args.wait:g} s"
        raise exits.Failure(f"{what}. Do: edge status at the node, and is the key in its keys_file?", exits.UNAVAILABLE)
    if args.json:
        print(json.dumps(reply))
    elif reply["ok"]:
        print(f"{args.node}: done" + (f": {json.dumps(reply['result'])}" if reply.get("result") else ""))
    else:
        print(f"{args.node} refuses ({reply['code']}): {reply['why']}", file=sys.stderr)
    return exits.OK if reply["ok"] else exits.FAILED


def _reply(line: Any, counter: int, seconds: float) -> dict[str, Any] | None:
    while (came := line.next(seconds)) is not None:
        with suppress(ValueError):  # what is no JSON is nobody's reply
            reply = json.loads(came.payload)
            if isinstance(reply, dict) and reply.get("counter") == counter:
                return reply
    return None


def _message(args: argparse.Namespace) -> tuple[bytes, int]:
    """The signed message and its counter: milliseconds since 1970, so that it grows on whatever machine it is made."""
    name, secret = _secret(args.key)
    counter = SystemWall().utc() // 10**6
    body = json.dumps({"node": args.node, "counter": counter, "command": args.order, "args": _given(args)}).encode()
    try:
        return packed(name, sign(secret, signed_part(name, body)), body), counter
    except (ImportError, ValueError) as error:
        raise exits.Failure(str(error), exits.UNAVAILABLE) from None


def _secret(path: Path) -> tuple[str, bytes]:
    try:
        name, text = path.read_text(encoding="ascii").split()
        return name, base64.b64decode(text, validate=True)
    except OSError as error:
        raise exits.Failure(f"{path} cannot be read: {error.strerror}. Do: ls -l {path}", exits.DATA) from None
    except ValueError:
        why = "it is one line, NAME and the key in base64. Make one: edge command new-key ops.key"
        raise exits.Failure(f"{path} is no secret key: {why}", exits.DATA) from None


def _given(args: argparse.Namespace) -> dict[str, Any]:
    kinds = {option.name: option.kind for option in ORDERS[args.order].args}
    given: dict[str, Any] = {}
    for word in args.args:
        name, equals, text = word.partition("=")
        if not equals or name not in kinds:
            takes = ", ".join(kinds) or "nothing"
            raise exits.Failure(f"{word!r}: {args.order} takes KEY=VALUE with {takes}", exits.USAGE)
        given[name] = _value(kinds[name], text)
    return given


def _value(kind: Any, text: str) -> Any:
    try:
        if kind is bool:
            return {"true": True, "on": True, "false": False, "off": False}[text.lower()]
        if kind is str:
            return Path(text[1:]).read_text("utf-8") if text.startswith("@") else text
        return kind(text)
    except OSError as error:
        raise exits.Failure(f"{text[1:]} cannot be read: {error.strerror}", exits.USAGE) from None
    except (ValueError, KeyError):
        raise exits.Failure(f"{text!r} is not {KINDS[kind]}", exits.USAGE) from None
