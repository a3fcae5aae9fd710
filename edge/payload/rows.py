"""Rows of numbers: the least that a reading can cost in JSON.

A message is an object::

    {"node": "LP-0417", "inv": "5f0c2a91", "seq": 4711, "at": 1790000001123456,
     "rows": [[3, 0, 8], [4, 0, 11.5], [5, 2000, null, {"q": 4, "qr": ["out_of_range"], "rv": 999}]]}

``inv`` names the channel table, which stands in the retained inventory of the node. ``seq`` is that of the first row;
each next one counts one up unless its words have ``sq``; copies of readings that are not on the card have neither.
``at`` are microseconds since 1970, or with ``boot`` since the start of that boot, whose date is not known; ``cs`` and
``ce``, ``be`` and ``bl`` say how sure that is, see ``edge.payload.words``. A row is
``[channel, microseconds since the row before, value]``, and where there is more to say the words of
``edge.payload.words``; a value that is bad or missing is null.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from edge.payload.channels import Table
from edge.payload.payload import Dates, Payload
from edge.payload.record import Record, UnknownTable, Unreadable
from edge.payload.words import beside, number_or_none, placed, read, trusted
from edge.reading import Batch, Level


class Rows(Payload):
    """One object a batch; names and units travel once, in the inventory."""

    schema = "rows"

    def encode(self, batch: Batch, dates: Dates) -> bytes:
        """The message; without a date it has ``boot``, which stands for the flag ``clock`` of all its readings."""
        date = dates.utc(batch.readings[0][1].at)
        shift = 0 if date is None else date - batch.readings[0][1].at.ticks
        at = last = (batch.readings[0][1].at.ticks + shift) // 1000
        rows, seq = [], batch.first
        for number, reading in batch.readings:
            words = beside(reading, reading.quality)
            if number and number != seq:
                words["sq"] = seq = number
            us = (reading.at.ticks + shift) // 1000
            channel = self.channels.number(reading.device, reading.quantity, reading.unit)
            rows.append([channel, us - last, trusted(reading), *([words] if words else [])])
            seq, last = seq + 1, us
        head: dict[str, Any] = {"node": batch.node, "inv": self.channels.digest}
        head |= {"seq": batch.first} if batch.first else {}
        head |= {"at": at, **({} if date is not None else {"boot": batch.boot}), **placed(batch, dates)}
        return json.dumps(head | {"rows": rows}, separators=(",", ":"), allow_nan=False).encode()

    @classmethod
    def decode(cls, message: bytes, tables: Mapping[str, Table]) -> Iterator[Record]:
        """The readings of a message. Raises ``Unreadable``, ``UnknownTable`` while its inventory has not come."""
        try:
            head = json.loads(message)
            table = tables.get(head["inv"])
            if table is None:
                raise UnknownTable(str(head["inv"]))
            yield from _records(head, table)
        except Unreadable:
            raise
        except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError) as error:
            raise Unreadable(f"the rows make no sense: {error!r}") from error


def _records(head: Mapping[str, Any], table: Table) -> Iterator[Record]:
    seq, us, boot = head.get("seq"), int(head["at"]), head.get("boot")
    for at, (number, step, value, *more) in enumerate(head["rows"]):
        words = dict(more[0]) if more else {}
        if seq is not None:
            seq = int(words.get("sq", seq + (at > 0)))
        us += int(step)
        channel = table[number]
        yield Record(
            str(head["node"]), seq, channel.device, channel.quantity, channel.unit,
            number_or_none(value), us / 1e6, boot, **read(words if boot is None else _undated(words)),
        )  # fmt: skip


def _undated(words: Mapping[str, Any]) -> dict[str, Any]:
    """What ``boot`` in the head says of each row."""
    reasons = words.get("qr", [])
    level = max(int(Level.SUSPECT), words.get("q", 1))
    return {**words, "q": level, "qr": reasons if "clock" in reasons else [*reasons, "clock"]}
