"""Takes the messages of nodes apart, keeps account of each node, and knows which receipts are due."""

import logging
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from edge.cli.dial import Message
from edge.cli.receive.account import Account
from edge.cli.receive.store import Store
from edge.payload import Record, Unreadable
from edge.payload.channels import Table, table_of
from edge.payload.message import records, told
from edge.payload.record import UnknownTable

log = logging.getLogger("edge.receive")

UNSTORED = "unstored"  # the lane of copies without a number
HELD = 1000  # messages that wait for the inventory they need


class Centre:
    """One receiver of any number of nodes."""

    def __init__(self, store: Store, saved: Mapping[str, Any]) -> None:
        """``saved`` is what ``as_dict`` gave."""
        self._store = store
        self.accounts: dict[str, Account] = defaultdict(Account)
        self.accounts.update((node, Account(account)) for node, account in saved.items())
        self._tables: dict[str, Table] = {}
        self._waiting: list[tuple[str, Message]] = []
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

    def receipts(self, start: int) -> dict[str, int]:
        """For each node the seq up to which all is stored, where that has grown; call it after the store's ``sync``."""
        due = {}
        for node, account in self.accounts.items():
            upto = account.upto(start)
            if upto > account.receipt:
                due[node] = account.receipt = upto
        return due

    def as_dict(self) -> dict[str, Any]:
        """To be kept."""
        return {node: account.as_dict() for node, account in self.accounts.items()}

    def _readings(self, node: str, message: Message) -> None:
        account = self.accounts[node]
        try:
            found = list(records(message.payload, message.properties.get("schema"), self._tables))
        except UnknownTable:
            self._waiting = [*self._waiting, (node, message)][-HELD:]
            return
        except Unreadable as error:
            self.unreadable += 1
            log.warning("a message of %s cannot be read: %s", node, error)
            return
        if message.properties.get("lane") == UNSTORED:
            account.copies += len(found)
            return
        self._store.add([record for record in found if self._new(account, record)])

    def _new(self, account: Account, record: Record) -> bool:
        return record.seq is not None and account.take(record.seq)

    def _event(self, node: str, event: Mapping[str, Any]) -> None:
        match event:
            case {"event": "gap" | "refused" | "void", "first": int(first), "last": int(last)} if 0 < first <= last:
                self.accounts[node].lose(first, last)

    def _inventory(self, inventory: Mapping[str, Any]) -> None:
        try:
            digest, table = table_of(inventory)
        except Unreadable:
            return
        self._tables[digest] = table
        waiting, self._waiting = self._waiting, []
        for node, message in waiting:
            self._readings(node, message)


def _json(payload: bytes) -> dict[str, Any]:
    try:
        found = told(payload)
    except Unreadable:
        return {}
    return found if isinstance(found, dict) else {}
