"""Everything the demo is made of, put up in order and taken down in all cases."""

import secrets
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

from edge.cli import exits
from edge.cli.demo import station
from edge.cli.demo.broker import Broker, listens
from edge.cli.demo.history import History
from edge.cli.demo.link import Link
from edge.cli.demo.power import Power
from edge.cli.demo.proof import Proof, on_card, prove
from edge.cli.demo.receiver import Receiver
from edge.cli.words import headline

DRAIN = 20.0  # seconds the backlog may take at the end
LOOK = 0.1
HOUR = 3600.0


@dataclass
class Notes:
    """What was seen of the run so far; ``first_value`` and ``connected`` in seconds after the start."""

    status: dict[str, Any] | None = None
    seen_at: float = 0.0  # when the status was given, monotonic
    first_value: float | None = None
    connected: float | None = None
    peak: int = 0  # readings of the present backlog at its highest
    newest: float = 0.0  # the stamp of the newest reading, in seconds since boot
    stepped: float = 0.0  # seconds the wall clock is off
    histories: dict[str, History] = field(default_factory=dict)


class Stage:
    """Broker, link, node and receiver. Use it in a ``with``."""

    def __init__(self, broker: tuple[str, int] | None = None) -> None:
        """``broker`` is an external one; without it the built-in one is started."""
        self._given, self._exits = broker, ExitStack()
        self.node = f"demo-{secrets.token_hex(2)}"
        self.began = time.monotonic()
        self.notes = Notes()
        self.answers = False  # whether the node did when it was last asked

    def __enter__(self) -> "Stage":
        with ExitStack() as stack:
            self._put_up(stack)
            self._exits = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._exits.close()

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self.began

    @property
    def internal(self) -> bool:
        """Whether the broker is the built-in one."""
        return self._given is None

    @property
    def talk(self) -> str:
        """The end of the node's log."""
        return self.power.talk()

    def look(self) -> None:
        """Asks the node how it is and notes it."""
        status = self.power.status()
        self.answers = status is not None
        if status is None:
            return
        notes = self.notes
        notes.status, notes.seen_at = status, time.monotonic()
        for sensor in status["sensors"]:
            self._note(sensor)
        ages = [value["age"] for sensor in status["sensors"] for value in sensor["values"].values()]
        notes.newest = time.clock_gettime(time.CLOCK_BOOTTIME) - min(ages, default=0.0)
        uplink = status["uplinks"][0]
        if uplink["state"] == "connected" and notes.connected is None:
            notes.connected = round(self.seconds, 2)
        notes.peak = max(notes.peak, uplink["waiting"]) if uplink["waiting"] > 60 or not self.link.up else 0

    def toggle_link(self) -> None:
        """Cuts the link, or mends it."""
        if self.link.up:
            self.link.cut()
        else:
            self.link.restore()

    def pull_power(self) -> None:
        """Kills the node and starts it again over what is on its card."""
        self.power.pull()
        self.power.on()
        self.notes.stepped = 0.0

    def hurt(self, sensor: str = "pm") -> None:
        """Unplugs a sensor, or plugs it in again."""
        fault = "heal" if self.power.hurt else "unplug"
        if self.power.ask("hurt", sensor=sensor, fault=fault) == fault:
            self.power.hurt = None if self.power.hurt else sensor

    def step_clock(self) -> None:
        """The wall clock jumps an hour back."""
        offset = self.power.ask("step", seconds=-HOUR)
        self.notes.stepped = self.notes.stepped if offset is None else float(offset)

    def finish(self) -> Proof:
        """Ends the sampling, lets the backlog drain, stops the node and proves that all arrived."""
        self.link.restore()
        self.power.ask("rest")
        if self._waits_to_try():
            self._again()
        if not self._drained():
            self._again()
            self._drained()
        self.power.off()
        return prove(on_card(self._state), self.receiver.inbox)

    def _put_up(self, stack: ExitStack) -> None:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="edge-demo-")))
        self.broker = self._given or self._built_in(stack, folder)
        if not listens(self.broker, 5.0):
            host, port = self.broker
            raise exits.Failure(f"no broker listens on {host}:{port}; is the address right?", exits.UNAVAILABLE)
        self.link = Link(self.broker)
        stack.callback(self.link.close)
        self._state = folder / "state"
        station.write(folder / "edge.toml", self.node, self.link.port)
        self.power = Power(folder / "edge.toml", self._state)
        stack.callback(self.power.off)
        self.power.on()
        self.receiver = Receiver(self.broker, self.node)
        stack.callback(self.receiver.close)

    @staticmethod
    def _built_in(stack: ExitStack, folder: Path) -> tuple[str, int]:
        broker = Broker(folder)
        stack.callback(broker.stop)
        return broker.address

    def _note(self, sensor: dict[str, Any]) -> None:
        names = headline(sensor["values"])
        value = sensor["values"][names[0]] if names else None
        if value is None or value["value"] is None or value["age"] > 5:
            return
        if self.notes.first_value is None:
            self.notes.first_value = round(self.seconds, 2)
        self.notes.histories.setdefault(sensor["name"], History()).add(value["value"])

    def _waits_to_try(self) -> bool:
        """Whether the uplink is between two tries, which may be a minute apart."""
        status = self.power.status()
        return status is None or status["uplinks"][0]["state"] == "down"

    def _again(self) -> None:
        """Starts the node anew, so that it connects at once, and samples no more."""
        self.power.off()
        self.power.on()
        self._until(lambda: self.power.ask("rest") is not None)

    def _drained(self) -> bool:
        return self._until(self._nothing_waits)

    def _nothing_waits(self) -> bool:
        self.look()
        status = self.power.status()
        return status is not None and status["outbox"]["held"] == 0 and status["uplinks"][0]["waiting"] == 0

    def _until(self, true: Any) -> bool:
        """Waits until it is true; False when that does not come."""
        deadline = time.monotonic() + DRAIN
        while not true():
            if time.monotonic() > deadline or not self.power.alive:
                return False
            Event().wait(LOOK)
        return True
