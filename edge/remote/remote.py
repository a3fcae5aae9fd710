"""What a node does on the commands of the centre."""

import logging
import time
from collections.abc import Callable
from typing import Any

import edge
from edge.errors import StorageError
from edge.node import Node
from edge.remote.origin import Origin
from edge.remote.trial import Flow, Trial
from edge.sensing.device import Device
from edge.settings import CommandSettings, Settings, SettingsError

log = logging.getLogger("edge.remote")

WHY = 2000  # characters of problems that a reply holds


class Remote:
    """Stands between the gate, through which only proven commands come, and the node."""

    def __init__(self, node: Node, origin: Origin, now: Callable[[], float] = time.monotonic) -> None:
        self._node, self._origin, self._now = node, origin, now
        self._enabled: CommandSettings | None = None
        self._obey: Callable[[bytes], bytes | None] = lambda message: None
        self._trial: tuple[Trial, Settings] | None = None
        self._level: tuple[float, int] | None = None  # when the log becomes again what it was, and what that is

    def handle(self, message: bytes) -> bytes | None:
        """A message of the command channel; gives the reply, if there is one."""
        enabled = self._node.settings.commands
        if enabled is None:
            return None
        if enabled is not self._enabled:
            self._enabled, self._obey = enabled, self._gate(enabled)
        return self._obey(message)

    def _gate(self, enabled: CommandSettings) -> Callable[[bytes], bytes | None]:
        from edge.commands import Audit, Gate  # a node without [commands] needs none of them
        from edge.commands.keys import Keys

        audit = Audit(self._node.folder / "audit.jsonl", self._node.clock)
        keys, allow = Keys(enabled.keys), frozenset(enabled.allow)
        gate = Gate(self._node.settings.node.id, keys, allow, self._node.state, audit, self._tell)
        gate.target = self
        return gate.handle

    def _tell(self, **line: Any) -> None:
        """The centre hears of it; a power cut in the next minute must not hide it."""
        self._node.stores.events.put("command", **line)
        self._node.stores.events.unsaved = True

    def turn(self) -> None:
        """What becomes due: called about once a second by the node."""
        if self._level is not None and self._now() >= self._level[0]:
            logging.getLogger("edge").setLevel(self._level[1])
            self._level = None
        if self._trial is not None:
            self._judge(*self._trial)

    def ping(self) -> dict[str, Any]:
        """Version, configuration, health, the newest seq and the clock."""
        status = self._node.health()
        return {
            "version": edge.__version__,
            "config": self._node.settings.digest,
            "health": status["health"],
            "ill": status["ill"],
            "last": status["outbox"]["last"],
            "clock": status["clock"],
            "up": status["process"]["up"],
        }

    def read_now(self, sensor: str) -> None:
        """Measures at once."""
        self._device(sensor).hurry()

    def set_interval(self, sensor: str, seconds: float) -> None:
        """Another pace, until the node restarts or takes over a configuration."""
        self._device(sensor).set_pace(seconds)

    def restart_sensor(self, sensor: str) -> None:
        """Closes and opens a device anew."""
        self._device(sensor).restart()

    def maintenance(self, sensor: str, on: bool, seconds: float) -> None:
        """Marks the readings of a sensor while somebody works on it."""
        self._node.maintenance(sensor, seconds if on else 0.0)

    def replay(self, first: int, last: int, to: str | None = None) -> list[str]:
        """Sends readings once more."""
        return self._node.replay(first, last, to)

    def log_level(self, level: str, seconds: float) -> None:
        """Another level of the log for a time."""
        ours = logging.getLogger("edge")
        before = self._level[1] if self._level else ours.level
        self._level = self._now() + seconds, before
        ours.setLevel(level.upper())

    def config_stage(self, text: str) -> dict[str, Any]:
        """Takes in a configuration and checks it. Raises ``ValueError`` with every problem."""
        try:
            staged = self._origin.stage(text)
        except SettingsError as error:
            raise ValueError(str(error)[:WHY]) from None
        except StorageError as error:
            raise ValueError(f"it cannot be kept: {error}") from error
        running = self._node.settings
        if staged.node.id != running.node.id or staged.commands != running.commands:
            raise ValueError("the id of the node and [commands] can be changed at the node only")
        return {"digest": staged.digest}

    def config_apply(self, digest: str, seconds: float) -> dict[str, Any]:
        """Puts what is staged on trial. Raises ``ValueError``."""
        if self._trial is not None:
            raise ValueError("another configuration is on trial; wait for its end")
        try:
            staged = self._origin.staged()
        except SettingsError:
            raise ValueError("nothing is staged; send config-stage first") from None
        if staged.digest != digest:
            raise ValueError(f"what is staged has the digest {staged.digest}")
        self._trial = Trial(self._flow(), seconds, self._now), self._node.settings
        self._node.reload(lambda: staged)
        return {"trial": seconds}

    def _judge(self, trial: Trial, old: Settings) -> None:
        lost = trial.verdict(self._flow(), self._node.settings)
        if lost is None:
            return
        self._trial = None
        tried = self._node.settings.digest
        if tried == old.digest:
            return  # it could not be built, and the node went back by itself
        why = ", ".join(lost)
        if not lost:
            try:
                self._origin.keep()
            except StorageError as error:
                why = f"it cannot be kept: {error}"
        if why:
            log.error("the configuration %s is taken back: %s", tried, why)
            self._node.reload(lambda: old)
        self._node.stores.events.put("config", digest=tried, kept=not why, why=why)

    def _flow(self) -> Flow:
        return Flow.of(self._node.pipeline.devices, self._node.pipeline.forwarders)

    def _device(self, name: str) -> Device:
        for device in self._node.pipeline.devices:
            if device.name == name:
                return device
        raise ValueError(f"there is no sensor {name!r} here")


def attach(node: Node, origin: Origin) -> Remote:
    """Lets the node take commands, as far as its configuration allows any."""
    remote = Remote(node, origin)
    node.on_command, node.on_turn = remote.handle, remote.turn
    return remote
