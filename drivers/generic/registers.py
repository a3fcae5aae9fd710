"""A map of Modbus registers, row by row, as a configuration gives it."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from drivers.modbus import HOLDING, INPUT, ORDERS, WORDS, number
from drivers.quantity import Quantity

PLAIN: Mapping[object, type | tuple[type, ...]] = {int: int, float: (int, float), str: str}
FLAGS = ("sensor_fault", "saturated", "maintenance", "uncalibrated", "warming_up")
EXAMPLE: tuple[Mapping[str, Any], ...] = (
    {"quantity": "level", "unit": "m", "register": 0, "type": "f32", "low": 0, "high": 20},
    {"quantity": "temperature", "unit": "Cel", "register": 2, "type": "i16", "scale": 0.1, "bad": [0x7FFF]},
    {"register": 3, "mask": 0x0001},
)


@dataclass(frozen=True, slots=True)
class Register:
    """A row of ``registers``: value = number x ``scale`` + ``offset`` in ``unit``; status rows have a ``mask`` instead.

    ``register`` counts from 0. Raw numbers in ``bad`` mean "no value". A status row flags ``quantities`` (all if none
    are named) with ``flag`` while any bit of ``mask`` is set.
    """

    register: int
    quantity: str = ""
    unit: str = ""
    function: int = HOLDING
    type: str = "u16"
    order: str = "ABCD"
    scale: float = 1.0
    offset: float = 0.0
    bad: tuple[float, ...] = ()
    low: float = -1e12
    high: float = 1e12
    decimals: int = -1
    mask: int = 0
    flag: str = "sensor_fault"
    quantities: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, PLAIN.get(field.type, tuple)):
                raise ValueError(f"'{field.name}' cannot be {value!r}")
        for key, known in (("type", tuple(WORDS)), ("order", ORDERS), ("function", (HOLDING, INPUT)), ("flag", FLAGS)):
            if getattr(self, key) not in known:
                raise ValueError(f"'{key}' cannot be {getattr(self, key)!r}; one of: {', '.join(map(str, known))}")
        if not 0 <= self.register <= 0x10000 - self.words:
            raise ValueError(f"'register' = {self.register} is outside 0..65535")
        if bool(self.quantity) == bool(self.mask):
            raise ValueError("a row has either a 'quantity' or, for status bits, a 'mask'")
        if self.mask and not self.type.startswith("u"):
            raise ValueError(f"a 'mask' needs an unsigned type, not {self.type!r}")
        if not self.mask:
            self.measured()

    @property
    def words(self) -> int:
        """How many registers it takes."""
        return WORDS[self.type]

    @property
    def end(self) -> int:
        """The register behind it."""
        return self.register + self.words

    def raw(self, block: bytes, first: int) -> float:
        """Its number in a block of registers that begins with ``first``."""
        start = 2 * (self.register - first)
        return number(block[start : start + 2 * self.words], self.type, self.order)

    def value(self, raw: float) -> float | None:
        """The number in the unit of the quantity; None for one that means "no value"."""
        return None if raw in self.bad or math.isnan(raw) else raw * self.scale + self.offset

    def measured(self) -> Quantity:
        """The quantity of a row that has one. Raises ``ValueError`` if the catalogue does not know it so."""
        digits = max(0, -math.floor(math.log10(abs(self.scale)))) if self.scale else 0
        decimals = self.decimals if self.decimals >= 0 else digits + 3 * self.type.startswith("f")
        return Quantity(self.quantity, self.unit, self.low, self.high, decimals)


def rows(given: object) -> tuple[Register, ...]:
    """The rows of the option ``registers``: a list of tables, or the same as JSON. Raises ``ValueError``."""
    tables = json.loads(given) if isinstance(given, str) else given
    if not isinstance(tables, Sequence) or not all(isinstance(table, Mapping) for table in tables):
        raise ValueError("'registers' must be a list of tables: [[sensor.options.registers]]")
    found = tuple(_row(number, table) for number, table in enumerate(tables, 1))
    names = [row.quantity for row in found if row.quantity]
    if not names or len(set(names)) != len(names):
        raise ValueError("'registers' names a quantity twice" if names else "'registers' names no quantity")
    for name in {name for row in found for name in row.quantities} - set(names):
        raise ValueError(f"'quantities' names {name!r}, which no row of 'registers' gives")
    return found


def _row(number: int, table: Mapping[str, Any]) -> Register:
    known = {field.name for field in fields(Register)}
    try:
        for key in table.keys() - known:
            raise ValueError(f"unknown key {key!r}; it knows {', '.join(sorted(known))}")
        row: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
        return Register(**row)
    except (TypeError, ValueError) as error:
        raise ValueError(f"row {number} of 'registers': {error}") from None


def blocks(rows: Sequence[Register], longest: int) -> Iterator[list[Register]]:
    """Rows that one question fetches: same function, no gap between them, at most ``longest`` registers."""
    block: list[Register] = []
    for row in sorted(rows, key=lambda row: (row.function, row.register)):
        end = block[-1].end if block else -1
        fits = block and row.function == block[0].function and row.register == end
        if not fits or row.end - block[0].register > longest:
            if block:
                yield block
            block = []
        block.append(row)
    if block:
        yield block
