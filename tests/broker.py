"""What the tests of the whole chain share: a broker, a listener that counts, ports to plug, the node as a process."""

import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import termios
import threading
import time
import tty
import zlib
from collections.abc import Callable, Iterable
from fcntl import ioctl
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from edge.control import ask
from edge.outbox.outbox import Outbox
from edge.reading import Stored
from edge.uplink.paho import CallbackAPIVersion, PacketTypes, Properties, mqtt
from tests.waiting import PATIENCE

MOSQUITTO = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
NODE = "LP-T"
PORTS = range(10_000, 32_000)  # none that the kernel gives to those who call: it may be closed for a while and reopened
RUN = "import sys; from edge.cli import main; sys.exit(main())"
QUIET = {"PYTHONUNBUFFERED": "1", "PATH": os.environ.get("PATH", ""), "HOME": os.environ.get("HOME", "/")}

needs_mosquitto = pytest.mark.skipif(MOSQUITTO is None, reason="there is no mosquitto on this machine")


def until(predicate: Callable[[], Any], seconds: float = PATIENCE, news: threading.Event | None = None) -> Any:
    """What ``predicate`` says as soon as that is true, or what it says at the deadline."""
    news = news or threading.Event()
    end = time.monotonic() + seconds
    while not (got := predicate()) and time.monotonic() < end:
        news.wait(0.05)
        news.clear()
    return got


def free_port() -> int:
    """A port that nobody has on any address, drawn at random, as others draw at the same time."""
    while True:
        port = random.SystemRandom().choice(PORTS)
        with contextlib.suppress(OSError), socket.socket() as sock:
            sock.bind(("", port))
            return port


class Mosquitto:
    """A broker on a port of its own; ``persistent`` keeps sessions and queues over a stop."""

    def __init__(self, folder: Path, *, persistent: bool = False, host: str = "127.0.0.1") -> None:
        self.port, self.host = free_port(), host
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        lines = [f"listener {self.port} {host}", "allow_anonymous true", "max_queued_messages 0", "user root"]
        if persistent:
            lines += ["persistence true", f"persistence_location {folder}/", "autosave_interval 1"]
        (folder / "mosquitto.conf").write_text("\n".join([*lines, ""]))

    def start(self) -> None:
        """Returns when it accepts connections."""
        assert MOSQUITTO is not None
        with (self._folder / "mosquitto.log").open("ab") as log:
            command = [MOSQUITTO, "-c", str(self._folder / "mosquitto.conf")]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        assert until(self._listens), (self._folder / "mosquitto.log").read_text()

    def stop(self) -> None:
        """In good order: what it holds is saved first, if it saves anything."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """At once."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=PATIENCE)
            self._process = None

    def _listens(self) -> bool:
        try:
            socket.create_connection((self.host, self.port), timeout=1).close()
        except OSError:
            return False
        return True


class Record(NamedTuple):
    """A SenML record with everything resolved; ``time`` is absolute, or within ``boot`` when that is not None."""

    seq: int
    device: str
    quantity: str
    value: float | None
    time: float
    boot: str | None
    quality: int
    fields: dict[str, Any]


class Message(NamedTuple):
    """A message as it came."""

    channel: str
    payload: bytes
    properties: dict[str, str]
    retained: bool


class Subscriber:
    """Hears everything, by itself again after a broker came back, and keeps repeats."""

    def __init__(self, port: int, name: str = "listener", host: str = "127.0.0.1") -> None:
        """Returns when it is subscribed. Its session outlives the connection, as far as the broker keeps it."""
        self.records: list[Record] = []
        self.delays: list[float] = []  # seconds from the stamp of each of them to its arrival
        self.copies: list[Record] = []  # of readings that were not on the card, without a seq
        self.copy_delays: list[float] = []
        self.messages: list[Message] = []
        self.news = threading.Event()
        self._subscribed = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=mqtt.MQTTv5)
        self._client.on_connect = lambda client, *_: client.subscribe("edge/#", qos=1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._take
        self._client.reconnect_delay_set(1, 1)
        session = Properties(PacketTypes.CONNECT)
        session.SessionExpiryInterval = 3600
        self._client.connect_async(host, port, 30, clean_start=False, properties=session)
        self._client.loop_start()
        if not self._subscribed.wait(PATIENCE):
            self.close()
            raise AssertionError(f"no subscription at port {port}")

    def until(self, predicate: Callable[["Subscriber"], Any], seconds: float = PATIENCE) -> Any:
        """Waits for what is to arrive."""
        return until(lambda: predicate(self), seconds, self.news)

    def of(self, device: str, quantity: str | None = None) -> list[Record]:
        """The records of a device."""
        return [r for r in list(self.records) if r.device == device and quantity in (None, r.quantity)]

    def on(self, channel: str) -> list[Message]:
        """The messages of a channel."""
        return [message for message in list(self.messages) if message.channel == channel]

    def told(self, channel: str) -> list[dict[str, Any]]:
        """The same, decoded."""
        return [json.loads(message.payload) for message in self.on(channel) if message.payload]

    @property
    def seqs(self) -> set[int]:
        """All seqs that arrived."""
        return {record.seq for record in list(self.records)}

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _take(self, client: Any, userdata: Any, message: Any) -> None:
        properties = dict(getattr(message.properties, "UserProperty", []))
        channel = message.topic.rpartition("/")[2]
        if channel in ("readings", "alarms") and properties.get("schema", "senml+json") == "senml+json":
            records = list(resolved(message.payload))
            now = time.time() if records[0].boot is None else time.clock_gettime(time.CLOCK_BOOTTIME)
            unstored = properties.get("lane") == "unstored"
            (self.copies if unstored else self.records).extend(records)
            (self.copy_delays if unstored else self.delays).extend(now - record.time for record in records)
        self.messages.append(Message(channel, message.payload, properties, bool(message.retain)))
        self.news.set()


def resolved(payload: bytes) -> Iterable[Record]:
    """The records of a pack (contract: bn, bt or bb, bsq, sq); seq is 0 where they have none."""
    pack = json.loads(payload if payload.startswith(b"[") else zlib.decompress(payload))
    head, step = pack[0], int("bsq" in pack[0])
    seq = head.get("bsq", 0) - step
    for fields in pack:
        seq = fields.get("sq", seq + step)
        prefix, device, quantity = (head["bn"] + fields["n"]).rsplit("/", 2)
        assert prefix == f"urn:dev:ops:{NODE}", prefix
        at = head.get("bt", 0.0) + fields.get("t", 0.0)
        yield Record(seq, device, quantity, fields.get("v"), at, head.get("bb"), fields.get("q", 1), fields)


class Pty:
    """A serial port of this test; what is written comes out of a link that may lead to another one later."""

    def __init__(self, link: Path) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._end = threading.Event()
        self._thread: threading.Thread | None = None
        fresh = link.with_suffix(".new")
        fresh.symlink_to(os.ttyname(self._slave))
        fresh.replace(link)

    def feed(self, make: Callable[[], bytes], period: float) -> None:
        """Sends what ``make`` gives, again and again; what nobody reads in time is lost as on any wire."""
        self._thread = threading.Thread(target=self._run, args=(make, period), daemon=True)
        self._thread.start()

    def send(self, data: bytes, piece: int = 512, seconds: float = PATIENCE) -> None:
        """Sends all of it at the pace of the reader, so that no byte is lost; returns when all was read."""
        while data:
            with contextlib.suppress(BlockingIOError):  # the kernel holds some that it has not yet handed over
                data = data[os.write(self._master, data[:piece]) :]
            assert until_empty(self._slave, seconds), "the other side reads no more"

    def still(self) -> None:
        """Sends no more, stays plugged."""
        self._end.set()
        if self._thread is not None:
            self._thread.join()

    def unplug(self) -> None:
        self.still()
        for end in (self._master, self._slave):
            with contextlib.suppress(OSError):
                os.close(end)

    def _run(self, make: Callable[[], bytes], period: float) -> None:
        while not self._end.wait(period):
            with contextlib.suppress(BlockingIOError):
                os.write(self._master, make())


def until_empty(slave: int, seconds: float) -> bool:
    """Waits until a port has no byte that is not yet read."""
    pause, end = threading.Event(), time.monotonic() + seconds
    while int.from_bytes(ioctl(slave, termios.FIONREAD, b"\0\0\0\0"), sys.byteorder):
        if time.monotonic() > end:
            return False
        pause.wait(0.001)
    return True


class NodeProcess:
    """``edge run`` in a process of its own."""

    def __init__(self, folder: Path, config: str = "") -> None:
        self.config, self.state, self._log = folder / "edge.toml", folder / "state", folder / "node.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._log.touch()
        self.configure(config)

    def configure(self, config: str) -> None:
        self.config.write_text(config)

    def start(self, *options: str, **environment: str) -> None:
        """Returns at once."""
        with self._log.open("ab") as log:
            command = [sys.executable, "-c", RUN, "run", "--config", str(self.config), "--state", str(self.state)]
            command += options
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=QUIET | environment)

    def ready(self, seconds: float = PATIENCE) -> dict[str, Any]:
        """The first status it gives."""
        got: dict[str, Any] | None = until(self.status, seconds)
        assert got is not None, self.log
        return got

    def status(self) -> dict[str, Any] | None:
        """None while it does not answer."""
        try:
            got: dict[str, Any] = ask(self.state, "status")
        except (OSError, ValueError):
            return None
        return got

    def signal(self, which: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(which)

    def wait(self, seconds: float = PATIENCE) -> int:
        """Its exit code."""
        assert self.process is not None
        return self.process.wait(timeout=seconds)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.wait()

    def terminate(self) -> int:
        self.signal(signal.SIGTERM)
        return self.wait()

    @property
    def log(self) -> str:
        return self._log.read_text()

    def lines(self, *parts: str) -> list[str]:
        """The lines of the log that contain all of these."""
        return [line for line in self.log.splitlines() if all(part in line for part in parts)]

    def on_card(self) -> list[Stored]:
        """Every reading in the outbox of a node that does not run."""
        return on_card(self.state)


def on_card(state: Path) -> list[Stored]:
    """Every reading in an outbox that no node uses."""
    outbox = Outbox(state / "outbox")
    reader, found, at = outbox.reader(), [], outbox.first
    while at <= outbox.last and (stored := reader.read(at, outbox.last, 1000)):
        found += stored
        at = found[-1][0] + 1
    reader.close()
    outbox.close()
    return found


class Lab:
    """Makes brokers, nodes, ports and listeners, and ends them all whatever happens."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ends = contextlib.ExitStack()

    def __enter__(self) -> "Lab":
        return self

    def __exit__(self, *error: object) -> None:
        self._ends.close()

    def broker(self, *, persistent: bool = False, start: bool = True, host: str = "127.0.0.1") -> Mosquitto:
        broker = Mosquitto(self.folder, persistent=persistent, host=host)
        self._ends.callback(broker.kill)
        if start:
            broker.start()
        return broker

    def listener(self, broker: Mosquitto, name: str = "listener") -> Subscriber:
        listener = Subscriber(broker.port, name, broker.host)
        self._ends.callback(listener.close)
        return listener

    def node(self, config: str, *, start: bool = True, **environment: str) -> NodeProcess:
        node = NodeProcess(self.folder, config)
        self._ends.callback(_end, node)
        if start:
            node.start(**environment)
        return node

    def pty(self, name: str = "port") -> Pty:
        pty = Pty(self.folder / name)
        self._ends.callback(pty.unplug)
        return pty


def _end(node: NodeProcess) -> None:
    if node.process is not None and node.process.poll() is None:
        node.process.kill()
        node.process.wait(timeout=PATIENCE)


def config(port: int, *sensors: str, more: str = "", flush: str = "100ms", host: str = "127.0.0.1") -> str:
    """A configuration with one uplink to this machine; a sensor is ``name driver place key=value...``."""
    text = f'[node]\nid = "{NODE}"\n[outbox]\nlimit = "64MB"\nflush = "{flush}"\n'
    text += f'[[uplink]]\nname = "city"\nhost = "{host}"\nport = {port}\ntls = false\n{more}\n'
    for sensor in sensors:
        name, driver, place, *keys = sensor.split()
        text += f'[[sensor]]\nname = "{name}"\ndriver = "{driver}"\nport = "{place}"\n'
        text += "".join(key.replace("=", " = ") + "\n" for key in keys)
    return text
