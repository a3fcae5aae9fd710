"""The far end of the virtual node, on this machine: mosquitto with TLS and passwords, and ``edge receive``."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from edge.cli.receive.account import Account
from hw_tests.vm import needs
from hw_tests.vm.node import DIES_WITH_US, GATEWAY
from tests.broker import RUN, free_port, until
from tests.certificates import Authority

NODE = "LP-0417"
PATIENCE = 60.0  # seconds
PASSWORD = "the password of LP-0417"  # as docs/how-to/install.md has it
CONF = """
per_listener_settings true
listener {node} 127.0.0.1
allow_anonymous false
password_file {folder}/passwords
certfile {certificate}
keyfile {key}
listener {centre} 127.0.0.1
allow_anonymous true
"""


class FarEnd:
    """A broker, and the account of all that ever came through it."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._node, self._centre = folder, free_port(), free_port()
        self._processes: list[subprocess.Popen[bytes]] = []
        self.authority = Authority(folder / "ca")
        self._configure()

    @property
    def uplink(self) -> str:
        """What the node of the page has to know beside it: where this is."""
        return f'[[uplink]]\nname = "city"\nhost = "{GATEWAY}"\nport = {self._node}\n'

    def start(self) -> None:
        """Both begin."""
        self._begin("mosquitto", needs.tool("mosquitto"), "-c", str(self._folder / "mosquitto.conf"))
        assert until(self._listens, PATIENCE), (self._folder / "mosquitto.log").read_text()
        broker = f"127.0.0.1:{self._centre}"
        self._begin("receive", sys.executable, "-c", RUN, "receive", str(self._file), "--broker", broker)

    def hold(self) -> None:
        """The broker takes no more, and says nothing, until ``release``."""
        self._processes[0].send_signal(signal.SIGSTOP)

    def release(self) -> None:
        """It goes on."""
        self._processes[0].send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """Both end."""
        for process in reversed(self._processes):
            process.terminate()
            process.wait()

    def account(self) -> Account:
        """Which seqs came, which the node calls lost."""
        path = self._file.with_name(self._file.name + ".account")
        saved = json.loads(path.read_text()) if path.exists() else {}
        return Account(saved.get("nodes", {}).get(NODE))

    def readings(self) -> list[dict[str, Any]]:
        """What came, each once, as ``edge receive`` stores it."""
        return [json.loads(line) for line in self._file.read_text().splitlines()]

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self._centre)).close()
        except OSError:
            return False
        return True

    @property
    def _file(self) -> Path:
        return self._folder / "city.jsonl"

    def _configure(self) -> None:
        certificate, key = self.authority.sign("broker", GATEWAY)
        places = {"node": self._node, "centre": self._centre, "folder": self._folder}
        text = CONF.format(**places, certificate=certificate, key=key)
        (self._folder / "mosquitto.conf").write_text(f"user root\n{text}")
        passwords = self._folder / "passwords"
        passwords.touch(mode=0o600)
        subprocess.run([needs.tool("mosquitto_passwd"), "-b", passwords, NODE, PASSWORD], check=True)

    def _begin(self, name: str, *words: str) -> None:
        with (self._folder / f"{name}.log").open("wb") as log:
            self._processes.append(subprocess.Popen([*DIES_WITH_US, *words], stdout=log, stderr=log))
