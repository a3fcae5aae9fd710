"""What Modbus devices share: a master on a byte stream (RTU and ASCII), and numbers out of registers.

Modbus application protocol v1.1b3, Modbus over serial line v1.02. A question and its answer are one call, because
other devices may hang on the same pair of wires.
"""

import struct
from collections.abc import Iterator
from typing import Any

from drivers.bus import Stream, Wire
from drivers.checks import crc16_modbus, lrc
from drivers.driver import Driver
from drivers.errors import BadData, NoData
from drivers.option import Option

UNITS = tuple(range(1, 248))
HOLDING, INPUT = 3, 4  # the functions that read
GAP = 0.03  # seconds of silence before a question: 3.5 characters by the book, many devices want 20 to 50 ms
SILENCES = 2  # silent reads of the stream (0.25 s each) until nobody answers
LONGEST = 1024  # bytes after which a line that talks without end is given up
WAITS = (5, 6)  # exceptions that mean: ask again later
EXCEPTIONS = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "device failure",
    5: "acknowledged, takes longer",
    6: "device busy",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "no answer behind the gateway",
}
WORDS = {"u16": 1, "i16": 1, "u32": 2, "i32": 2, "f32": 2, "u64": 4, "i64": 4, "f64": 4, "bcd16": 1, "bcd32": 2}
LETTERS = {"u16": "H", "i16": "h", "u32": "I", "i32": "i", "f32": "f", "u64": "Q", "i64": "q", "f64": "d"}
ORDERS = ("ABCD", "CDAB", "BADC", "DCBA")  # big endian, low word first, bytes swapped, little endian


def number(data: bytes, kind: str = "u16", order: str = "ABCD") -> float:
    """The value of registers (``data``, as they came) of a kind in ``WORDS``; ``BadData`` for a BCD digit above 9."""
    words = [data[at : at + 2] for at in range(0, len(data), 2)]
    if order in ("CDAB", "DCBA"):
        words.reverse()
    raw = b"".join(word[::-1] if order in ("BADC", "DCBA") else word for word in words)
    if kind not in LETTERS:
        return bcd(raw)
    value: float = struct.unpack(f">{LETTERS[kind]}", raw)[0]
    return value


def bcd(raw: bytes) -> int:
    """Two decimal digits a byte, the highest first."""
    if not raw.hex().isdecimal():
        raise BadData(f"{raw.hex(' ')} is no decimal number")
    return int(raw.hex())


def drain(stream: Stream) -> None:
    """Reads away what comes late, until the line is silent. Raises ``BadData`` for a line that never is."""
    heard = 0
    while data := stream.read(256):
        heard += len(data)
        if heard >= LONGEST:
            raise BadData("the line is never silent: another master, or a device that talks by itself")


class Modbus:
    """A master that talks to one unit; ``patience`` is how many silent reads of the stream it waits for an answer.

    Raises ``NoData`` where nobody answers or the device is busy, ``BadData`` for an exception, a wrong check sum or
    somebody else's answer. An echo of the question (some RS-485 adapters hear themselves) is taken off.
    """

    def __init__(self, stream: Stream, unit: int, *, ascii_mode: bool = False, patience: int = SILENCES) -> None:
        self.stream, self.unit, self.patience = stream, unit, patience
        self._ascii = ascii_mode
        self._echoes = False  # known of the adapter since a question came back
        self._unsure = False  # a late answer may still arrive

    def read(self, register: int, count: int, function: int = HOLDING) -> bytes:
        """``count`` registers from ``register`` (counted from 0), two bytes each, high byte first."""
        pdu = struct.pack(">BHH", function, register, count)
        return self.ask(pdu, bytes((function, 2 * count)), 2 + 2 * count)[2:]

    def write(self, register: int, word: int) -> None:
        """One holding register (function 6)."""
        pdu = struct.pack(">BHH", 6, register, word)
        self.ask(pdu, pdu, len(pdu))

    def write_many(self, register: int, data: bytes) -> None:
        """Holding registers from ``register`` on, two bytes each (function 16)."""
        pdu = struct.pack(">BHHB", 16, register, len(data) // 2, len(data))
        self.ask(pdu + data, pdu[:5], 5)

    def ask(self, pdu: bytes, head: bytes, size: int) -> bytes:
        """The answer to ``pdu`` without unit and check sum: ``size`` bytes that begin with ``head``."""
        if self._unsure:
            drain(self.stream)
        self._unsure = True
        self.stream.wait(GAP)
        request = self.framed(pdu)
        self.stream.write(request)
        answer = self._listen(request, pdu, head, size)
        self._unsure = False
        if answer[0] & 0x80:
            why = f"unit {self.unit} answers exception {answer[1]}: {EXCEPTIONS.get(answer[1], 'unknown')}"
            raise NoData(why) if answer[1] in WAITS else BadData(why)
        return answer

    def framed(self, pdu: bytes) -> bytes:
        """What goes over the wire for ``pdu``."""
        adu = bytes((self.unit,)) + pdu
        if self._ascii:
            return b":" + (adu + bytes((lrc(adu),))).hex().upper().encode() + b"\r\n"
        return adu + struct.pack("<H", crc16_modbus(adu))

    def _listen(self, request: bytes, pdu: bytes, head: bytes, size: int) -> bytes:
        heard, silences = b"", 0
        while silences < self.patience and len(heard) < LONGEST:
            data = self.stream.read(256)
            heard += data
            silences += not data
            answer = self._answer(self._own(heard, request, alike=pdu == head), request, head, size) if data else None
            if answer is not None:
                return answer
        rest = self._own(heard, request, alike=pdu == head)
        if not rest:
            raise NoData(f"unit {self.unit} does not answer")
        raise BadData(f"{len(rest)} bytes, none of them a sound answer of unit {self.unit}: {rest[:16].hex(' ')}")

    def _own(self, heard: bytes, request: bytes, *, alike: bool) -> bytes:
        """What was heard behind the echo; where the answer looks like the question, only of a line known to echo."""
        if not heard.startswith(request) or (alike and not self._echoes):
            return heard
        self._echoes = True
        return heard[len(request) :]

    def _answer(self, heard: bytes, request: bytes, head: bytes, size: int) -> bytes | None:
        """The first sound answer of this unit to this question; noise and other units' frames may precede it."""
        for at, adu in self._beginnings(heard):
            length = size if adu[1:].startswith(head) else 2 if adu[1:2] == bytes((head[0] | 0x80,)) else 0
            if not length or adu[0] != self.unit or not self._sound(adu, length + 1):
                continue
            if at == len(request) and heard[:2] == request[:2]:
                raise BadData(f"the question came back damaged: {heard[:at].hex(' ')}")
            return adu[1 : length + 1]
        return None

    def _beginnings(self, heard: bytes) -> Iterator[tuple[int, bytes]]:
        if not self._ascii:
            yield from ((at, heard[at:]) for at in range(len(heard) - 4))
            return
        for line in heard.split(b":")[1:]:
            text, end, _ = line.partition(b"\r\n")
            if end and len(text) >= 6 and not len(text) % 2 and all(byte in b"0123456789ABCDEF" for byte in text):
                yield 0, bytes.fromhex(text.decode("ascii"))

    def _sound(self, adu: bytes, length: int) -> bool:
        """Whether ``length`` bytes with the right check sum behind them are there."""
        if self._ascii:
            return len(adu) == length + 1 and lrc(adu[:length]) == adu[length]
        return len(adu) >= length + 2 and crc16_modbus(adu[: length + 2]) == 0


PROTOCOL = Option("protocol", str, "rtu", "how the frames are written", choices=("rtu", "ascii"))


class ModbusDriver(Driver):
    """A device that answers as one unit of a Modbus line; ``address`` is its unit, the first of ``wire`` if not given.

    ``trigger`` calls ``prepare`` until that has succeeded once; ``read`` does the asking. A driver whose option
    ``protocol`` is "ascii" speaks Modbus ASCII.
    """

    wire = Wire("port", baud=9600, addresses=UNITS, shared=True)

    def __init__(self, bus: Stream, address: int | None = None, **options: Any) -> None:
        super().__init__(bus, **options)
        unit = self.wire.addresses[0] if address is None else address
        self.modbus = Modbus(bus, unit, ascii_mode=self.set.get("protocol") == "ascii")
        self.prepared = False

    def prepare(self) -> None:
        """Hook: what the device has to be told or asked once before it measures."""

    def trigger(self) -> None:
        """Prepares the device the first time."""
        if not self.prepared:
            self.prepare()
            self.prepared = True
