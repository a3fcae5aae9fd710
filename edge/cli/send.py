"""``edge send --once``: proves an uplink step by step; each with its time, and the first that fails with a remedy."""

import argparse
import json
import os
import socket
import sys
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from edge.cli import exits
from edge.cli.args import add_config, add_json, parser
from edge.cli.words import said
from edge.clock import Clock
from edge.errors import UplinkDown
from edge.settings import SettingsError, UplinkSettings, load
from edge.uplink import secret, tls
from edge.uplink.address import Address
from edge.uplink.guard import Guard
from edge.uplink.paho import mqtt
from edge.uplink.patience import Patience
from edge.uplink.places import Place, Places, look_up
from edge.uplink.session import Opening, Session
from edge.uplink.states import Broker

STEPS = ("name", "tcp", "tls", "login", "acknowledgement")
OLDER = ("version", "closed", "no-answer", "not-mqtt", "protocol")  # after which MQTT 3.1.1 is tried


class Step(NamedTuple):
    """One step that succeeded: how long it took, and what it showed."""

    name: str
    ms: float
    said: str


def main(argv: Sequence[str]) -> int:
    """0 when a message went the whole way, 69 when a step failed, 78 for a wrong configuration."""
    what = "Proves an uplink step by step with one message that is marked as a test."
    words = parser("send", what, "send --once", "send --once city", "send --once mqtts://broker.example")
    words.add_argument("--once", action="store_true", help="one message (there is nothing else so far)")
    to = "name of an uplink, or mqtts://HOST[:PORT] (default: all uplinks)"
    words.add_argument("to", nargs="?", metavar="UPLINK|URL", help=to)
    words.add_argument("--ca-file", default="", metavar="FILE", help="with a URL: who signed the broker's certificate")
    words.add_argument("--username", default="", metavar="NAME", help="with a URL: the name the broker knows you by")
    words.add_argument("--password-file", default="", metavar="FILE", help="with a URL: where the password stands")
    add_config(words)
    add_json(words)
    args = words.parse_args(argv)
    chosen = [_from_url(args)] if args.to and "://" in args.to else _configured(args.config, args.to)
    return max(_proven(node, uplink, as_json=args.json) for node, uplink in chosen)


def _configured(config: Path, name: str | None) -> list[tuple[str, UplinkSettings]]:
    try:
        settings = load(config)
    except SettingsError as error:
        raise exits.Failure(f"the configuration is wrong\n{error}", exits.CONFIG) from None
    found = [
        (settings.node.id, replace(lent(uplink), host=host))
        for uplink in settings.uplinks if name in (None, uplink.name)
        for host in uplink.hosts or (uplink.host,)
    ]  # fmt: skip
    if not found:
        known = ", ".join(uplink.name for uplink in settings.uplinks) or "none"
        what = f"there is no uplink {name!r}" if name else "there is no uplink"
        remedy = "name one of them" if name and settings.uplinks else "add an [[uplink]]"
        more = f"{remedy}, or give an address: edge send --once mqtts://HOST"
        raise exits.Failure(f"{what} in {config} (there are: {known}). Do: {more}", exits.USAGE)
    return found


def lent(uplink: UplinkSettings, folder: Path = secret.SERVICE) -> UplinkSettings:
    """With the password that the running service has as a credential, where none is configured and we may read it."""
    path = folder / f"{uplink.name}-password"
    wanted = uplink.username and not uplink.password_file and "CREDENTIALS_DIRECTORY" not in os.environ
    return replace(uplink, password_file=str(path)) if wanted and os.access(path, os.R_OK) else uplink


def _from_url(args: argparse.Namespace) -> tuple[str, UplinkSettings]:
    url = urlsplit(args.to)
    if url.scheme not in ("mqtt", "mqtts") or not url.hostname:
        raise exits.Failure(f"{args.to!r} is no address of a broker. Do: mqtts://HOST[:PORT]", exits.USAGE)
    with_tls = url.scheme == "mqtts"
    port = url.port or (8883 if with_tls else 1883)
    files = {"ca_file": args.ca_file, "password_file": args.password_file}
    return socket.gethostname(), UplinkSettings(
        "uplink", "mqtt", url.hostname, port, tls=with_tls, username=args.username, **files
    )


def _proven(node: str, settings: UplinkSettings, *, as_json: bool) -> int:
    broker = Broker(settings.host, settings.port, f"{node}-{settings.name}-test", settings.name)
    done: list[Step] = []
    failure: UplinkDown | None = None
    if not as_json:
        print(f"{settings.name}: {settings.host}:{settings.port}, as {broker.client}")
    try:
        for step in steps(node, settings, broker, Clock()):
            done.append(step)
            if not as_json:
                print(said(f" ✓ {step.name:16} {step.ms:6.0f} ms  {step.said}", sys.stdout))
    except UplinkDown as error:
        failure = error
    if as_json:
        print(json.dumps(_report(settings, done, failure)))
    elif failure is not None:
        print(said(f" ✗ {_failed(settings, done):16} {failure} ({failure.state})\n   Do: {failure.remedy}", sys.stdout))
        if failure.state in ("login", "not-allowed") and (lack := _unsent(settings, broker)):
            print(f"   Note: {lack}")
    return exits.OK if failure is None else exits.UNAVAILABLE


def _unsent(settings: UplinkSettings, broker: Broker) -> str:
    """What a broker may miss in a login."""
    if not settings.username:
        return "no user name was sent, and no password"
    if secret.password(settings, broker) is None:
        return f"no password was sent: there is no password_file, and no credential {settings.name}-password"
    return ""


def steps(
    node: str, settings: UplinkSettings, broker: Broker, clock: Clock, patience: Patience = Patience()  # noqa: B008
) -> Iterator[Step]:  # fmt: skip
    """Each step as it succeeds. Raises ``UplinkDown`` at the first that does not."""
    for version in (mqtt.MQTTv5, mqtt.MQTTv311):
        with ExitStack() as ends:
            fresh = version == mqtt.MQTTv5
            run = _connection(settings, broker, clock, patience, ends)
            sock = (yield from run) if fresh else _quietly(run)
            session = _session(node, settings, broker, sock, version, patience)
            ends.callback(session.drop)
            began = time.monotonic()
            try:
                session.begin(2, aliases=False)
            except UplinkDown as error:
                if fresh and error.state in OLDER:
                    continue
                raise
            who = settings.username or "nobody in particular"
            yield Step("login", _ms(began), f"as {who}, MQTT {'5' if fresh else '3.1.1'}")
            yield _acknowledged(node, settings, session)
            session.finish()
            return


def _connection(
    settings: UplinkSettings, broker: Broker, clock: Clock, patience: Patience, ends: ExitStack
) -> Generator[Step, None, Any]:
    """Name, TCP and TLS; gives the connection in the end."""
    named: list[Step] = []

    def timed(host: str, port: int) -> Sequence[Place]:
        began = time.monotonic()
        found = look_up(host, port)
        named.append(Step("name", _ms(began), ", ".join(dict.fromkeys(str(place.address[0]) for place in found))))
        return found

    began = time.monotonic()
    try:
        sock: Any = Address(broker, patience, Places(lookup=timed)).connect()
    finally:
        yield from named
    ends.callback(sock.close)
    yield Step("tcp", max(0.0, _ms(began) - named[0].ms), f"port {settings.port} is open")
    if settings.tls:
        began = time.monotonic()
        sock = tls.wrapped(sock, settings, broker, clock, patience.tls)
        until = time.strftime("%Y-%m-%d", time.gmtime(tls.ends(sock)))
        yield Step("tls", _ms(began), f"{sock.version()}, certificate valid until {until}")
    return sock


def _quietly(run: Generator[Step, None, Any]) -> Any:
    """What a run gives in the end; its steps were shown before."""
    while True:
        try:
            next(run)
        except StopIteration as end:
            return end.value


def _session(
    node: str, settings: UplinkSettings, broker: Broker, sock: Any, version: Any, patience: Patience
) -> Session:
    password = secret.password(settings, broker) if settings.username else None
    opening = Opening(version, _topic(node, settings), b"{}", False, settings.username, password)
    return Session(Guard(sock, broker), broker, opening, patience)


def _acknowledged(node: str, settings: UplinkSettings, session: Session) -> Step:
    began = time.monotonic()
    message = json.dumps({"event": "test", "node": node}).encode()
    session.publish(_topic(node, settings), message, {"node": node})
    while not session.acks:
        session.work(1.0, ())
    return Step("acknowledgement", _ms(began), f"{_topic(node, settings)} (an event marked test)")


def _topic(node: str, settings: UplinkSettings) -> str:
    return settings.topic.format(node=node, channel="event")


def _ms(began: float) -> float:
    return (time.monotonic() - began) * 1000


def _failed(settings: UplinkSettings, done: Sequence[Step]) -> str:
    """The step that comes after those that are done."""
    due = [name for name in STEPS if name != "tls" or settings.tls]
    return due[min(len(done), len(due) - 1)]


def _report(settings: UplinkSettings, done: Sequence[Step], failure: UplinkDown | None) -> dict[str, Any]:
    told = {
        "uplink": settings.name,
        "ok": failure is None,
        "steps": [{"name": step.name, "ms": round(step.ms, 1), "said": step.said} for step in done],
    }
    if failure is None:
        return told
    return told | {
        "failed": _failed(settings, done),
        "state": failure.state,
        "why": str(failure),
        "remedy": failure.remedy,
    }
