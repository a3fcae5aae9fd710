"""Any Modbus device whose registers the configuration lists."""

from collections.abc import Mapping
from typing import Any, ClassVar

from drivers.bus import Stream
from drivers.driver import Measurement, Timing
from drivers.errors import BadData
from drivers.generic.registers import EXAMPLE, Register, blocks, rows
from drivers.modbus import PROTOCOL, ModbusDriver
from drivers.option import REQUIRED, Option
from drivers.quality import NONE, Reason
from drivers.quantity import Quantity


class ModbusMap(ModbusDriver):
    """RS-485: the registers of ``registers``, neighbours in one question. Nothing is guessed: orders are configured.

    The keys of a row: ``drivers.generic.registers.Register``.
    """

    example: ClassVar[Mapping[str, Any]] = {"registers": EXAMPLE}
    measures = tuple(row.measured() for row in rows(EXAMPLE) if row.quantity)
    options = (
        Option("registers", "tables", REQUIRED, "a table a register: register, quantity, unit, type, order, scale ..."),
        Option("block", int, 32, "registers in one question at most; some devices allow few", low=1, high=125),
        PROTOCOL,
    )
    timing = Timing(interval=10.0)

    def __init__(self, bus: Stream, address: int | None = None, **options: Any) -> None:
        super().__init__(bus, address, **options)
        self._blocks = list(blocks(rows(self.set["registers"]), self.set["block"]))

    @classmethod
    def measured(cls, options: Mapping[str, Any]) -> tuple[Quantity, ...]:
        """What the rows say. Raises ``ValueError`` for a row that makes no sense."""
        return tuple(row.measured() for row in rows(options.get("registers")) if row.quantity)

    def read(self) -> Measurement:
        """All blocks; a register without a value is left out."""
        raw = {row: number for block in self._blocks for row, number in self._ask(block)}
        values = {row.quantity: row.value(number) for row, number in raw.items() if row.quantity}
        known = {name: value for name, value in values.items() if value is not None}
        if not known:
            raise BadData("no register holds a value")
        flags = dict.fromkeys(known, NONE)
        for row in (row for row, number in raw.items() if row.mask and row.mask & int(number)):
            for name in set(row.quantities or known) & set(known):
                flags[name] |= Reason[row.flag.upper()]
        return Measurement(known, {name: reason for name, reason in flags.items() if reason})

    def _ask(self, block: list[Register]) -> list[tuple[Register, float]]:
        first = block[0].register
        data = self.modbus.read(first, block[-1].end - first, block[0].function)
        return [(row, row.raw(data, first)) for row in block]
