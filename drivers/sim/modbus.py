"""The device's side of a Modbus line: registers, exceptions, check sums; and a line on which nobody talks unasked."""

import random
import struct
from collections.abc import Callable, Mapping
from typing import Protocol

from drivers.checks import crc16_modbus
from drivers.sim.buses import READ_TIMEOUT, SimStream
from drivers.sim.faults import Faults
from drivers.sim.time import Time

TURNAROUND = 0.02  # seconds from a question to its answer
Registers = Callable[[int, float], Mapping[int, int]]  # (function, moment) to words by register


class Answerer(Protocol):
    """A device that speaks when it is spoken to."""

    def answer(self, data: bytes, at: float) -> bytes:
        """What it says to ``data`` at this moment."""


class SimLine(SimStream):
    """A half-duplex line with one device that answers."""

    def __init__(self, time: Time, faults: Faults, device: Answerer) -> None:
        self._time, self._faults, self._answerer = time, faults, device
        self._waiting = b""
        self._noise = random.Random(0)

    def write(self, data: bytes) -> None:
        """Hands a question to the device, which may be silent or talk nonsense."""
        self._fail_if_unplugged()
        fault = self._faults.now()
        if fault == "silent":
            return
        answer = self._answerer.answer(data, self._faults.scene())
        self._time.wait(TURNAROUND)
        self._waiting += self._noise.randbytes(len(answer)) if fault == "garbage" else answer

    def _listen(self) -> None:
        self._time.wait(READ_TIMEOUT)


class Slave:
    """Answers as ``unit`` to functions 3, 4, 6 and 16 out of its registers; to anything else with an exception.

    ``registers`` gives the words of a moment; what is written hides them. A register that is not there is exception 2.
    """

    def __init__(self, registers: Registers, *, unit: int = 1, longest: int = 125) -> None:
        self.unit, self._registers, self._longest = unit, registers, longest
        self.written: dict[int, int] = {}

    def answer(self, data: bytes, at: float) -> bytes:
        """The answer frame; nothing to other units and to damaged questions."""
        if len(data) < 4 or data[0] != self.unit or crc16_modbus(data):
            return b""
        pdu = self.reply(data[1:-2], at)
        frame = bytes((self.unit,)) + pdu
        return frame + struct.pack("<H", crc16_modbus(frame))

    def reply(self, pdu: bytes, at: float) -> bytes:
        """The answer without unit and check sum."""
        function, register, count = struct.unpack_from(">BHH", pdu.ljust(5, b"\0"))
        match function:
            case 3 | 4:
                return self._read(function, register, count, at)
            case 6:
                self.written[register] = count
                return pdu
            case 16:
                words = struct.unpack(f">{count}H", pdu[6 : 6 + 2 * count])
                self.written |= {register + offset: word for offset, word in enumerate(words)}
                return pdu[:5]
        return bytes((function | 0x80, 1))

    def _read(self, function: int, register: int, count: int, at: float) -> bytes:
        words = {**self._registers(function, at), **self.written}
        wanted = range(register, register + count)
        if count > self._longest:
            return bytes((function | 0x80, 3))
        if not all(register in words for register in wanted):
            return bytes((function | 0x80, 2))
        return bytes((function, 2 * count)) + b"".join(words[register].to_bytes(2, "big") for register in wanted)


def spread(register: int, data: bytes) -> dict[int, int]:
    """The words of ``data`` from ``register`` on."""
    words = struct.unpack(f">{len(data) // 2}H", data)
    return {register + offset: word for offset, word in enumerate(words)}
