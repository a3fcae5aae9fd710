"""An uplink of a configuration."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from drivers import CATALOGUE, Option, units
from edge.settings.model import UplinkSettings
from edge.settings.report import Report
from edge.settings.sensor import check_name, owner
from edge.settings.source import Entry
from edge.settings.table import Table

FILES = ("password_file", "ca_file", "cert_file", "key_file")
SECRETS = ("password_file", "key_file")
PORTS = {True: 8883, False: 1883}  # with TLS, without
HOST = re.compile(r"[A-Za-z0-9_.-]{1,253}|(?=.*:.*:)[0-9A-Fa-f:.]{2,45}(%[A-Za-z0-9_.-]+)?")  # one colon is a port
CHANNELS = "readings alarms status health inventory event command reply receipt"

UPLINK = (
    Option("name", str, "mqtt", 'its name in the outbox, e.g. "city"'),
    Option("type", str, "mqtt", "how to send", choices=("mqtt",)),
    Option("host", str, None, 'where the broker is: host = "broker.example"'),
    Option("hosts", list, (), "in its place the brokers of a cluster: when one fails, the next one's turn comes"),
    Option("port", int, None, "8883 with TLS, 1883 without", low=1, high=65535),
    Option("tls", bool, True, "true unless the broker is on this machine"),
    Option("insecure_plaintext", bool, False, "true allows tls = false towards other machines"),
    Option("username", str, "", "the name the broker knows the node by"),
    *(Option(name, str, "", "the path of a file") for name in FILES),
    Option("topic", str, "edge/{node}/{channel}", 'for example "edge/{node}/{channel}"'),
    Option("payload", str, "senml+json", "the form of the messages: senml+json, rows, json, senml+cbor, thingsboard"),
    Option("compress", str, "none", "none or deflate", choices=("none", "deflate")),
    Option("discovery", str, "none", "whose entities to make", choices=("none", "homeassistant")),
    Option("batch", int, 500, "readings in a message at most", low=1, high=100_000),
    Option("batch_age", "duration", None, "how long live readings are gathered for a message", low=1, high=86_400),
    Option("rate", "rate", None, "backlog readings, at least one an hour", low=1 / 3600),
    Option("budget_day", "size", None, 'what it may cost in a day: budget_day = "20MB"', low=100_000, unit="bytes"),
    Option("budget_month", "size", None, 'in a month: budget_month = "500MB"', low=100_000, unit="bytes"),
    Option("connect_every", "duration", None, "without it, it is connected all the time", low=60, high=7 * 86_400),
    Option("connect_for", "duration", None, "at most; without it, until everything has arrived", low=10),
    Option("window", int, 16, "messages on their way at a time", low=1, high=1000),
    Option("custody", str, "puback", "whose word lets a reading go", choices=("puback", "receipt")),
    Option("receipt_within", "duration", 60.0, "then the oldest without a receipt goes again", low=1, high=86_400),
    Option("sensors", list, (), "names of the sensors it gets; without it, all"),
    Option("quantities", list, (), "names of the quantities it gets; without it, all"),
)


def uplink(entry: Entry, sensors: Sequence[str], report: Report) -> UplinkSettings | None:
    """The settings of one ``[[uplink]]``; None when it has problems, which are in the report.

    ``sensors`` are the names it may ask for.
    """
    table = Table(entry, owner(entry, "uplink"), report)
    got = table.take(UPLINK, aside=frozenset({"password"}))
    check_name(table, got)
    _check_host(table, got)
    _check_port(table, got)
    _check_tls(table, got)
    _check_topic(table, got)
    _check_payload(table, got)
    _check_secrets(table, got)
    _check_schedule(table)
    _check_names(table, got, sensors)
    _check_receipts(table, got)
    if report.failed:
        return None
    return UplinkSettings(**{"name": "mqtt", "type": "mqtt", "port": PORTS[got.get("tls", True)], **got})


def _check_names(table: Table, got: dict[str, Any], sensors: Sequence[str]) -> None:
    for key, known in (("sensors", sensors), ("quantities", None)):
        if key not in got:
            continue
        for item in table.entry.value[key].value:
            if not isinstance(item.value, str):
                table.at_value(item, f"'{key}' is a list of names", 'for example ["pm", "air"]')
            elif known is not None and item.value not in known:
                table.at_value(item, f"there is no sensor '{item.value[:64]}'", table.report.nearest(item.value, known))
            elif known is None and not _quantity(item.value):
                remedy = table.report.nearest(item.value, CATALOGUE, otherwise="see: edge driver show NAME")
                table.at_value(item, f"there is no quantity '{item.value[:64]}'", remedy)
        got[key] = tuple(item.value for item in table.entry.value[key].value)


def _check_receipts(table: Table, got: dict[str, Any]) -> None:
    """A receipt says that all is stored up to a seq; one that never comes must not be in between."""
    for key in ("sensors", "quantities"):
        if got.get("custody") == "receipt" and got.get(key):
            what = f"'{key}' leaves out seqs, and the receipts of edge receive stop in front of the first one"
            remedy = "remove it, or have a centre of your own that knows which seqs it does not get"
            table.at_key(table.entry.value[key], what, remedy, "warning")


def _quantity(name: str) -> bool:
    try:
        return bool(units(name))
    except ValueError:
        return False


def _check_host(table: Table, got: dict[str, Any]) -> None:
    """One host or several, each right; ``got`` has the first as ``host``."""
    host, hosts = table.entry.value.get("host"), table.entry.value.get("hosts")
    if host is not None and hosts is not None:
        table.at_key(host, "'host' and 'hosts' exclude each other", "keep one of them")
    elif host is None and not (hosts.value if hosts else ()):
        table.missing("'host' is missing", 'where the broker is: host = "broker.example"')
    items = hosts.value if "hosts" in got else [host] if "host" in got else []
    for at, item in enumerate(items):
        if not isinstance(item.value, str) or not HOST.fullmatch(item.value):
            what = f"'{'hosts' if 'hosts' in got else 'host'}' cannot be '{str(item.value)[:64]}'"
            table.at_value(item, what, "a name or an address alone; the port has a key of its own: port = 8883")
        elif item.value in [other.value for other in items[:at]]:
            table.at_value(item, f"'{item.value}' is there twice", "remove one of them")
    if "hosts" in got and items:
        got["hosts"] = tuple(str(item.value) for item in items)
        got.setdefault("host", got["hosts"][0])


def _check_port(table: Table, got: dict[str, Any]) -> None:
    """The port that brokers keep for the other kind of connection is most likely a slip."""
    tls = got.get("tls", True)
    if got.get("port") == PORTS[not tls]:
        what = f"'port' = {PORTS[not tls]} is where brokers expect {'no TLS' if tls else 'TLS'}"
        remedy = f"with tls = {str(tls).lower()} it is {PORTS[tls]}"
        table.at_value(table.entry.value["port"], what, remedy, "warning")


def _check_tls(table: Table, got: dict[str, Any]) -> None:
    if got.get("tls", True) or got.get("insecure_plaintext", False):
        return
    far = [host for host in got.get("hosts") or (got.get("host"),) if host is not None and not _loopback(host)]
    if not far:
        return
    what = f"'tls' = false sends everything in the open to '{far[0][:64]}'"
    table.at_value(table.entry.value["tls"], what, "remove it, or add insecure_plaintext = true if that is meant")


def _loopback(host: str) -> bool:
    return host in ("localhost", "::1") or re.fullmatch(r"127(\.[0-9]{1,3}){3}", host) is not None


def _check_topic(table: Table, got: dict[str, Any]) -> None:
    entry, topic = table.entry.get("topic"), got.get("topic")
    if entry is None or topic is None:
        return
    rest = topic.replace("{node}", "").replace("{channel}", "")
    if bad := re.search(r"\{[^}]*\}?|[}#+]", rest):
        table.at_value(entry, f"'topic' cannot contain '{bad[0]}'", "it knows {node} and {channel}, and no wildcards")
    elif len(topic) > 256 or topic.startswith("$"):
        table.at_value(entry, "'topic' is too long or begins with '$'", 'for example "edge/{node}/{channel}"')
    if "{channel}" not in topic:
        table.at_value(entry, "'topic' lacks {channel}", f"it stands for: {CHANNELS}")
    if "{node}" not in topic:
        table.at_value(
            entry, "'topic' lacks {node}: nodes would share it", 'add it: "edge/{node}/{channel}"', "warning"
        )


def _check_schedule(table: Table) -> None:
    if (entry := table.entry.value.get("connect_for")) is not None and "connect_every" not in table.entry.value:
        table.at_key(entry, "'connect_for' needs 'connect_every'", 'add connect_every = "15min", or remove it')


def _check_payload(table: Table, got: dict[str, Any]) -> None:
    if "payload" not in got:
        return
    from edge.payload import load, names

    if got["payload"] not in names():
        table.cannot_be("payload", names())
        return
    kind = load(got["payload"])
    if kind.needs and not _installed(kind.needs):
        what = f"'payload' = \"{got['payload']}\" needs the Python module {kind.needs}, which is not installed"
        table.at_value(table.entry.value["payload"], what, kind.remedy)
    if kind.topics and got.get("compress", "none") != "none":
        what = f"'compress' = \"{got['compress']}\" makes messages that {got['payload']} cannot read"
        table.at_value(table.entry.value["compress"], what, "remove it, or choose another payload")


def _installed(module: str) -> bool:
    from importlib.util import find_spec  # only where a payload needs more than the gateway brings

    return find_spec(module) is not None


def _check_secrets(table: Table, got: dict[str, Any]) -> None:
    if (inline := table.entry.get("password")) is not None:
        remedy = 'put it into a file that only edge may read: password_file = "/etc/edge/password"'
        table.at_key(inline, "a password must not stand in the configuration", remedy)
    for key in FILES:
        if key in got:
            got[key] = _file(key, table.entry.value[key], table)
    for one, other in (("cert_file", "key_file"), ("key_file", "cert_file")):
        if one in table.entry.value and other not in table.entry.value:
            table.at_key(table.entry.value[one], f"'{one}' needs '{other}' too", f'add {other} = "..."')


def _file(key: str, entry: Entry, table: Table) -> str:
    """The absolute path; a relative one counts from the folder of the configuration file."""
    path = Path(os.path.abspath(entry.source.folder / entry.value))  # noqa: PTH100 - resolve would follow links
    try:
        about = path.stat()
    except PermissionError:
        table.at_value(entry, f"'{key}' cannot be looked at: permission denied", "check again as root", "warning")
        return str(path)
    except (OSError, ValueError):
        table.at_value(entry, f"'{key}': there is no such file", f"create it, or see: ls -l {path.parent}")
        return str(path)
    if not path.is_file():
        table.at_value(entry, f"'{key}' is not a file", f"see: ls -ld {path}")
    elif key in SECRETS and about.st_mode & 0o077:
        table.at_value(entry, f"other users may read '{key}', so it is not used", f"chmod 600 {path}", "warning")
    return str(path)
