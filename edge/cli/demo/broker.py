"""A small MQTT broker (amqtt) on a port of this computer, in a process of its own.

``python -m edge.cli.demo.broker PORT`` runs it; ``Broker`` starts that and waits until it listens.
"""

import asyncio
import logging
import socket
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from threading import Event

from edge.cli import exits
from edge.cli.demo import leash
from edge.cli.demo.child import Child

STARTING = 15.0  # seconds the broker may take until it listens
EVERYONE = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}


class Broker:
    """The built-in broker at ``address``."""

    def __init__(self, folder: Path) -> None:
        """Returns when it listens. Raises ``Failure``."""
        if find_spec("amqtt") is None:
            what = "the built-in broker needs amqtt, which is not installed"
            remedy = "pip install 'edge-gateway[demo]', or give a broker with --broker HOST:PORT"
            raise exits.Failure(f"{what}. Do: {remedy}", exits.UNAVAILABLE)
        self.address = ("127.0.0.1", _free_port())
        self._child = Child("edge.cli.demo.broker", str(self.address[1]), talk=folder / "broker.log")
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ends it; there is nothing in it worth a good-bye."""
        self._child.kill()

    def _wait(self) -> None:
        deadline = time.monotonic() + STARTING
        while not listens(self.address):
            if not self._child.alive or time.monotonic() > deadline:
                raise exits.Failure(f"the built-in broker does not start:\n{self._child.talk()}", exits.UNAVAILABLE)
            Event().wait(0.05)


def listens(address: tuple[str, int], patience: float = 1.0) -> bool:
    """Whether something takes connections there."""
    try:
        socket.create_connection(address, patience).close()
    except OSError:
        return False
    return True


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


async def _serve(port: int) -> None:
    from amqtt.broker import Broker as Amqtt

    broker = Amqtt({"listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}}, "plugins": EVERYONE})
    await broker.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    leash.hold()
    logging.basicConfig(level=logging.ERROR)
    asyncio.run(_serve(int(sys.argv[1])))
