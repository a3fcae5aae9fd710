"""Real brokers for a test, started with the files of ``config/brokers``: mosquitto, NATS, RabbitMQ; one or three.

Each server has an address of its own on the loopback, 127.0.0.1 to 127.0.0.3, and all share a port, as the machines of
a cluster do. TLS, users and access lists are those of the files; only paths, ports, names and passwords are the test's.
"""

import hashlib
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
from abc import ABC, abstractmethod
from base64 import b64encode
from pathlib import Path

from tests.broker import MOSQUITTO, NODE, QUIET, free_port, until
from tests.certificates import Authority
from tests.waiting import PATIENCE

FILES = Path(__file__).parent.parent.parent / "config" / "brokers"
SBIN = os.environ.get("PATH", "") + ":/usr/sbin:/usr/lib/rabbitmq/bin"
NATS = shutil.which("nats-server", path=SBIN)
RABBITMQ = shutil.which("/usr/lib/rabbitmq/bin/rabbitmq-server")  # the one in /usr/sbin changes the user
EPMD = shutil.which("epmd")
CENTRE = "centre"
HELLO = b"\0\x04MQTT\x04\xc2\0\x3c"  # MQTT 3.1.1, clean session, name and password


class Brokers(ABC):
    """One broker or a cluster of three; a context manager that ends all that it started."""

    missing: str | None = None  # what to do where the server is not on this machine
    cluster = True  # whether there is one
    keeps = True  # whether what it acknowledged outlives SIGKILL

    def __init__(self, folder: Path, size: int = 1) -> None:
        self.folder, self.size = folder, size
        self.hosts = [f"127.0.0.{n + 1}" for n in range(size)]
        self.port = free_port()
        self.authority = Authority(folder / "ca")
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        for name in (NODE, CENTRE):
            secret = folder / f"{name}.password"
            secret.touch(mode=0o600)
            secret.write_text(f"secret of {name}")
        for n in range(size):
            (folder / str(n)).mkdir()
            self._configure(n, folder / str(n))

    def __enter__(self) -> "Brokers":
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        for n in list(self._running):
            self.kill(n)

    def start(self, *which: int) -> None:
        """All, or these; returns when they take clients."""
        for n in which or range(self.size):
            with (self.folder / f"{n}.log").open("ab") as log:
                command, environment = self._command(n, self.folder / str(n))
                self._running[n] = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=QUIET | environment
                )
            if self._one_by_one:
                self._wait(n)
        for n in which or range(self.size):
            self._wait(n)

    def stop(self, n: int) -> None:
        """In good order."""
        self._end(n, signal.SIGTERM)

    def kill(self, n: int) -> None:
        """At once."""
        self._end(n, signal.SIGKILL)

    def secret(self, who: str) -> Path:
        """The file with the password of NODE or CENTRE."""
        return self.folder / f"{who}.password"

    @property
    def addresses(self) -> str:
        """All of them, as ``--broker`` takes them."""
        return ",".join(f"{host}:{self.port}" for host in self.hosts)

    _one_by_one = False

    @abstractmethod
    def _configure(self, n: int, folder: Path) -> None:
        """Writes the files of one server."""

    @abstractmethod
    def _command(self, n: int, folder: Path) -> tuple[list[str], dict[str, str]]:
        """What starts it, and its environment."""

    def _certificate(self, n: int) -> tuple[Path, Path]:
        return self.authority.sign(f"broker-{n}", self.hosts[n])

    def _wait(self, n: int) -> None:
        assert until(lambda: self._greets(n), 5 * PATIENCE), (self.folder / f"{n}.log").read_text()[-4000:]

    def _greets(self, n: int) -> bool:
        """Whether the centre could log in."""
        context = ssl.create_default_context(cafile=self.authority.file)
        words = b"".join(len(word).to_bytes(2) + word for word in (b"probe", b"centre", b"secret of centre"))
        try:
            with (
                socket.create_connection((self.hosts[n], self.port), timeout=2) as sock,
                context.wrap_socket(sock, server_hostname=self.hosts[n]) as tls,
            ):
                tls.sendall(bytes([0x10, len(HELLO + words)]) + HELLO + words)
                return tls.recv(4) == b"\x20\x02\0\0"
        except OSError:
            return False

    def _end(self, n: int, how: signal.Signals) -> None:
        if (process := self._running.pop(n, None)) is not None:
            process.send_signal(how)
            process.wait(timeout=PATIENCE)


class Mosquitto(Brokers):
    """Single only."""

    missing = None if MOSQUITTO else "apt install mosquitto"
    cluster = keeps = False

    def _configure(self, n: int, folder: Path) -> None:
        certificate, key = self._certificate(n)
        text = (FILES / "mosquitto.conf").read_text()
        text = text.replace("/etc/mosquitto/certs/broker.pem", str(certificate)).replace(
            "/etc/mosquitto/certs/broker.key", str(key)
        )
        text = text.replace("/etc/mosquitto", str(folder)).replace("/var/lib/mosquitto", str(folder))
        text = text.replace("listener 8883", f"listener {self.port} {self.hosts[n]}\nuser root")
        (folder / "mosquitto.conf").write_text(text)
        (folder / "edge.acl").write_text((FILES / "mosquitto.acl").read_text())
        for who, create in ((NODE, ["-c"]), (CENTRE, [])):
            command = ["mosquitto_passwd", *create, "-b", str(folder / "passwords"), who, self.secret(who).read_text()]
            subprocess.run(command, check=True)

    def _command(self, n: int, folder: Path) -> tuple[list[str], dict[str, str]]:
        return [str(MOSQUITTO), "-c", str(folder / "mosquitto.conf")], {}


class Nats(Brokers):
    """JetStream."""

    missing = None if NATS else "apt install nats-server"

    def _configure(self, n: int, folder: Path) -> None:
        certificate, key = self._certificate(n)
        routes = free_port() if not n else self._routes
        self._routes = routes
        text = (FILES / "nats.conf").read_text()
        for old, new in {
            "broker-1 #": f"broker-{n + 1} #",
            "127.0.0.1:4222": f"{self.hosts[n]}:{free_port()}",
            "0.0.0.0:8883": f"{self.hosts[n]}:{self.port}",
            "0.0.0.0:6222": f"{self.hosts[n]}:{routes}",
            "/etc/nats/broker.pem": str(certificate),
            "/etc/nats/broker.key": str(key),
            "/var/lib/nats": str(folder / "jetstream"),
            "secret of the centre": "secret of centre",
            "LP-0417": NODE,
        }.items():
            assert old in text, old
            text = text.replace(old, new)
        text = re.sub(r"broker-(\d):6222", rf"127.0.0.\1:{routes}", text)
        if self.size == 1:
            text = text[: text.index("\ncluster {")].replace("stream_replicas: 3", "stream_replicas: 1")
        (folder / "nats.conf").write_text(text)

    def _command(self, n: int, folder: Path) -> tuple[list[str], dict[str, str]]:
        return [str(NATS), "-c", str(folder / "nats.conf")], {}


class RabbitMQ(Brokers):
    """Quorum queues; the names of the nodes are in an epmd of the test's own."""

    missing = None if RABBITMQ and EPMD else "apt install rabbitmq-server"
    _one_by_one = True

    def __init__(self, folder: Path, size: int = 1) -> None:
        self._names = free_port()
        self._epmd: subprocess.Popen[bytes] | None = None
        super().__init__(folder, size)

    def __enter__(self) -> Brokers:
        command = [str(EPMD), "-port", str(self._names), "-address", "127.0.0.1", "-relaxed_command_check"]
        self._epmd = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return super().__enter__()

    def __exit__(self, *error: object) -> None:
        super().__exit__()
        if self._epmd is not None:
            self._epmd.kill()
            self._epmd.wait()

    def _configure(self, n: int, folder: Path) -> None:
        certificate, key = self._certificate(n)
        text = (FILES / "rabbitmq.conf").read_text()
        for old, new in {
            "127.0.0.1:5672": f"{self.hosts[n]}:{free_port()}",
            "0.0.0.0:8883": f"{self.hosts[n]}:{self.port}",
            "/etc/rabbitmq/broker.pem": str(certificate),
            "/etc/rabbitmq/broker.key": str(key),
            "/etc/rabbitmq/definitions.json": str(folder / "definitions.json"),
        }.items():
            assert old in text, old
            text = text.replace(old, new)
        if self.size > 1:
            text += (FILES / "rabbitmq-cluster.conf").read_text()
            text = re.sub(r"rabbit@broker-(\d)", lambda found: self._name(int(found[1]) - 1), text)
        (folder / "rabbitmq.conf").write_text(text)
        (folder / "enabled_plugins").write_text("[rabbitmq_mqtt].\n")
        text = (FILES / "rabbitmq-definitions.json").read_text().replace("LP-0417", NODE)
        text = re.sub(r"HASH OF ([^\"]+)", lambda found: hashed(f"secret of {found[1]}"), text)
        (folder / "definitions.json").write_text(text)
        cookie = self.folder / ".erlang.cookie"
        if not cookie.exists():
            cookie.touch(mode=0o600)
            cookie.write_text(os.urandom(10).hex().upper())
            cookie.chmod(0o400)

    def _name(self, n: int) -> str:
        return f"edge-{self._names}-{n + 1}@localhost"

    def _command(self, n: int, folder: Path) -> tuple[list[str], dict[str, str]]:
        return [str(RABBITMQ)], {
            "HOME": str(self.folder),
            "ERL_EPMD_PORT": str(self._names),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": self._name(n),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +sbwtdcpu none +sbwtdio none +S 2:2",
            "RUNNING_UNDER_SYSTEMD": "true",  # the script then becomes the server, so that signals reach it
        }


def hashed(password: str) -> str:
    """As ``rabbitmqctl hash_password`` does: four bytes of salt, and SHA-256 of both."""
    salt = os.urandom(4)
    return b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


KINDS: tuple[type[Brokers], ...] = (Mosquitto, Nats, RabbitMQ)
