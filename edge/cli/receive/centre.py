"""Takes the messages of nodes apart, keeps account of each node, and knows which receipts are due."""

import logging
from base64 import b64decode, b64encode
from collections import defaultdict, deque
from collections.abc import Mapping
from typing import Any

from edge.cli.dial import Message
from edge.cli.receive.account import Account
from edge.cli.receive.events import EventLines
from edge.cli.receive.store import Store
from edge.payload import Record, Unreadable
from edge.payload.channels import Table, names_of, table_of
from edge.payload.message import records, told
from edge.payload.record import UnknownTable

log = logging.getLogger("edge.receive")

UNSTORED = "unstored"  # the lane of copies without a number
HELD = 1000  # messages that wait for the inventory they need, at most


class Centre:
    """One receiver of any number of nodes."""

    def __init__(self, store: Store, saved: Mapping[str, Any], told: EventLines | None = None) -> None:
        """``saved`` is what ``as_dict`` gave; ``told`` takes the events."""
        self._store, self._told = store, told or EventLines(None)
        self.accounts: dict[str, Account] = defaultdict(Account)
        self.accounts.update((node, Account(account)) for node, account in saved.get("nodes", {}).items())
        self._tables: dict[str, Table] = dict(
            table_of({"inv": digest, "channels": names}) for digest, names in saved.get("tables", {}).items()
        )
        self._waiting = deque(_message(*words) for words in saved.get("waiting", ()))
        self.unreadable = 0

    def take(self, channel: str, node: str, message: Message) -> None:
        """A message of a node."""
        match channel:
            case "readings" | "alarms":
                self._readings(node, message)
            case "event":
                self._event(node, _json(message.payload))
            case "inventory":
                self._inventory(_json(message.payload))

    def sync(self) -> None:
        """All readings and events that were taken are on the disk when this returns."""
        self._store.sync()
        self._told.sync()

    def receipts(self, start: int) -> dict[str, int]:
        """For each node the seq up to which all is stored, where that has grown; call it after the store's ``sync``."""
        due = {}
        for node, account in self.accounts.items():
            upto = account.upto(start)
            if upto > account.receipt:
                due[node] = account.receipt = upto
        return due

    def as_dict(self) -> dict[str, Any]:
        """To be kept: the account, what waits for an inventory, and the inventories, which come only once."""
        return {
            "nodes": {node: account.as_dict() for node, account in self.accounts.items()},
            "waiting": [_words(node, message) for node, message in self._waiting],
            "tables": {digest: names_of(table) for digest, table in self._tables.items()},
        }

    def _readings(self, node: str, message: Message) -> None:
        account = self.accounts[node]
        try:
            found = list(records(message.payload, message.properties.get("schema"), self._tables))
        except UnknownTable:
            self._wait(node, message)
            return
        except Unreadable as error:
            self.unreadable += 1
            log.warning("a message of %s cannot be read: %s", node, error)
            return
        if message.properties.get("lane") == UNSTORED:
            account.copies += len(found)
            return
        self._store.add([record for record in found if self._new(account, record)])

    def _wait(self, node: str, message: Message) -> None:
        self._waiting.append((node, message))
        if len(self._waiting) > HELD:
            node, _ = self._waiting.popleft()
            self.unreadable += 1
            log.warning("more than %d messages wait for an inventory; the oldest, of %s, is given up", HELD, node)

    def _new(self, account: Account, record: Record) -> bool:
        return record.seq is not None and account.take(record.seq)

    def _event(self, node: str, event: Mapping[str, Any]) -> None:
        if event:
            self._told.add(node, event)
        match event:
            case {"destination": lost, "via": we} if lost != we:
                pass  # it has been lost for another one
            case {"event": "receipt", "taken": taken}:
                log.warning("%s counts anew and is at %s: what it sends looks like repeats. Do: a new id for it, "
                            "or a new FILE", node, taken)  # fmt: skip
            case {"event": "gap" | "refused" | "void", "first": int(first), "last": int(last)} if 0 < first <= last:
                self.accounts[node].lose(first, last)

    def _inventory(self, inventory: Mapping[str, Any]) -> None:
        try:
            digest, table = table_of(inventory)
        except Unreadable:
            return
        self._tables[digest] = table
        waiting, self._waiting = self._waiting, deque()
        for node, message in waiting:
            self._readings(node, message)


def _words(node: str, message: Message) -> list[Any]:
    """A message as JSON can have it."""
    return [node, b64encode(message.payload).decode(), message.properties]


def _message(node: str, payload: str, properties: dict[str, str]) -> tuple[str, Message]:
    return node, Message("", b64decode(payload), properties, False)


def _json(payload: bytes) -> dict[str, Any]:
    try:
        found = told(payload)
    except Unreadable:
        return {}
    return found if isinstance(found, dict) else {}
