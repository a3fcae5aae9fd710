"""SenML in CBOR (RFC 8428 section 6): the records of ``edge.payload.senml`` with the registered integer labels.

Fractions are decimal fractions (tag 4, RFC 8949 section 3.4.4): 11.332 in six bytes, exactly what JSON would say.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from edge.payload.channels import Table
from edge.payload.payload import Dates, Payload
from edge.payload.record import Record, Unreadable
from edge.payload.senml import packed, unpack
from edge.reading import Batch

# RFC 8428 table 4; extensions keep their text
LABELS = {
    "bver": -1, "bn": -2, "bt": -3, "bu": -4, "bv": -5, "bs": -6,
    "n": 0, "u": 1, "v": 2, "vs": 3, "vb": 4, "s": 5, "t": 6, "ut": 7, "vd": 8,
}  # fmt: skip
NAMES = {label: name for name, label in LABELS.items()}


class SenMLCBOR(Payload):
    """One pack a batch."""

    schema = "senml+cbor"
    needs = "cbor2"
    remedy = "pip install 'edge-gateway[cbor]', or: sudo apt install python3-cbor2"

    def encode(self, batch: Batch, dates: Dates) -> bytes:
        """The pack; all its readings are of one boot, so either all of them have a date or none has."""
        import cbor2  # an extra: only who sends CBOR needs it

        return cbor2.dumps(
            [{LABELS.get(key, key): _brief(value) for key, value in r.items()} for r in packed(batch, dates)]
        )

    @classmethod
    def decode(cls, message: bytes, tables: Mapping[str, Table]) -> Iterator[Record]:
        """The readings of a pack. Raises ``Unreadable``."""
        import cbor2

        try:
            records = cbor2.loads(message)
        except (cbor2.CBORDecodeError, ValueError, TypeError, ArithmeticError, RecursionError) as error:
            raise Unreadable(f"no CBOR: {error}") from error
        if isinstance(records, list):
            records = [{NAMES.get(k, k): v for k, v in r.items()} if isinstance(r, dict) else r for r in records]
        return unpack(records)


def _brief(value: Any) -> Any:
    return Decimal(repr(value)) if isinstance(value, float) and not value.is_integer() else value
