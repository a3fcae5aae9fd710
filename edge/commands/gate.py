"""Where commands come in: nothing has an effect before all checks are passed and the counter is on the card."""

import json
import logging
import time
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

from edge.commands.audit import Audit
from edge.commands.envelope import Command, opened, read
from edge.commands.keys import Keys
from edge.commands.orders import ORDERS, Commanded, arguments
from edge.commands.rejected import Rejected
from edge.commands.witness import Tell, Witness
from edge.errors import StorageError
from edge.pace import Allowance
from edge.state import State

log = logging.getLogger("edge.commands")

TABLE = "counters"
RATE, BURST = 10.0, 20  # commands a second that are looked at, and at once
NOTES, NOTE_EVERY = 500, 10.0  # lines about rejected commands that a flood may write at once, then one in so many s


class Gate:
    """Takes messages of the command channel and gives the replies; called by the threads of the uplinks."""

    def __init__(
        self, node: str, keys: Keys, allow: frozenset[str], state: State, audit: Audit, tell: Tell,
        now: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        """``allow`` are the names of the orders that this node takes, and no others; ``tell`` tells the centre."""
        self._node, self._keys, self._allow, self._state, self._audit = node, keys, allow, state, audit
        self._looks, self._notes = Allowance(BURST, 1 / RATE, now), Allowance(NOTES, NOTE_EVERY, now)
        self._witness = Witness(tell, now)
        self._unsaid = 0
        self._counting = Lock()
        self.target: Commanded | None = None

    def handle(self, message: bytes) -> bytes | None:
        """Does what a message asks for and gives the reply; None for one whose author is not known to us."""
        command: Command | None = None
        try:
            if not self._looks.take():
                raise Rejected("too_many", f"more than {RATE:.0f} commands a second")
            envelope = opened(message)
            self._keys.verify(envelope)
            command = read(envelope)
            result = self._obey(command)
        except Rejected as why:
            self._note(command, why)
            return None if command is None else _reply(command, {"ok": False, "code": why.code, "why": str(why)})
        return _reply(command, {"ok": True, "result": result})

    def _obey(self, command: Command) -> Any:
        if command.node != self._node:
            raise Rejected("other_node", f"it is for the node {command.node[:64]!r}")
        if command.name not in ORDERS or command.name not in self._allow:
            raise Rejected("not_allowed", f"{command.name[:64]!r} is no command that this node takes")
        order = ORDERS[command.name]
        got = arguments(order, command.args)
        self._count(command)
        noted = self._audit.note("command", sync=True, **_named(command), args=_short(command.args))
        self._witness.taken(noted, command.args, _named(command))
        return self._run(command, got)

    def _count(self, command: Command) -> None:
        """The counter is used up before anything happens: a power cut must not make a command come twice."""
        with self._counting:
            last = self._state.load(TABLE).get(command.key, 0)
            if command.counter <= last:
                raise Rejected("replayed", f"the counter is {command.counter}, and {last} was used already")
            try:
                self._state.save(TABLE, {command.key: command.counter})
            except StorageError as error:
                raise Rejected("not_now", f"the counter cannot be kept: {error}") from error

    def _run(self, command: Command, got: Mapping[str, Any]) -> Any:
        if self.target is None:
            raise Rejected("not_now", "the node is not up yet")
        try:
            return ORDERS[command.name].run(self.target, got)
        except ValueError as error:
            raise Rejected("refused", str(error)) from None
        except Exception as error:  # a fault of ours in one command must not end the thread of an uplink
            log.exception("command %s failed in the gateway itself", command.name)
            raise Rejected("failed", f"{type(error).__name__}: {error}") from error

    def _note(self, command: Command | None, why: Rejected) -> None:
        """A line for each, but a flood does not wear the card out: then one now and then, with how many there were."""
        named, noted = {} if command is None else _named(command), None
        if self._notes.take():
            unsaid, self._unsaid = self._unsaid, 0
            log.warning("a command is rejected: %s", why)
            noted = self._audit.note("rejected", code=why.code, why=str(why), unsaid=unsaid, **named)
        else:
            self._unsaid += 1
        self._witness.rejected(noted, why.code, named)


def _named(command: Command) -> dict[str, Any]:
    return {"key": command.key, "counter": command.counter, "command": command.name[:64]}


def _short(args: Mapping[str, Any]) -> str:
    """Arguments for the trail; a whole configuration is not repeated there."""
    text = json.dumps(args)
    return text if len(text) <= 500 else text[:500] + "..."


def _reply(command: Command, outcome: Mapping[str, Any]) -> bytes:
    return json.dumps({**_named(command), **outcome}).encode()
