"""Traffic of a bus as text: recorded in the field, replayed in a test.

A line a step::

    # a remark
    < 42 4d 00 1c              bytes that came
    > 42 4d e4 00 00 01 73     bytes that were sent
    % 38400                    the line changed to this rate
    44 > 24 00                 the same at address 0x44 of an I2C bus
    44 < 66 66 93 80 00 a2
    + 35 5.000                 35 pulses in 5 seconds; a third number are those that were lost
    ~ 1                        the level of a contact: 1 is active
    = w1_slave "50 05 ..."     a file and its text, quoted as in JSON
    ! timeout                  silence
    ! error 121                the wire failed with this errno
"""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from drivers.bus import I2C, Files, Pin, Pulses, Stream, Tunable
from drivers.errors import BusError

END = "the trace is at its end"


class Mismatch(BaseException):
    """The driver did something else than was recorded. Not an Exception, so that no driver can swallow it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line: who (``<``, ``>``, ``%``, ``+``, ``~``, ``=`` or ``!``), the address of an I2C step, and what."""

    sign: str
    what: str
    address: int | None = None


def parse(text: str) -> list[Step]:
    """The steps of a trace. Raises ``ValueError`` with the line number for what is no step."""
    steps = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if line and not line.startswith("#"):
            steps.append(_step(line, number))
    return steps


def load(path: str | Path) -> list[Step]:
    """The steps of a trace file."""
    return parse(Path(path).read_text(encoding="utf-8"))


def _step(line: str, number: int) -> Step:
    head, _, rest = line.partition(" ")
    if head in ("<", ">", "%", "+", "~", "=", "!"):
        return Step(head, rest.strip())
    sign, _, what = rest.strip().partition(" ")
    try:
        if sign not in ("<", ">", "!"):
            raise ValueError
        return Step(sign, what.strip(), int(head, 16))
    except ValueError:
        raise ValueError(f"line {number} is no step of a trace: {line!r}") from None


class Replay:
    """A bus that plays a trace and insists that the driver sends what was recorded.

    It serves any kind of wire; ``ended`` is true when every step was used.
    Raises ``Mismatch`` where the driver does something else.
    """

    def __init__(self, steps: Iterable[Step]) -> None:
        self._steps = list(steps)
        self._at = 0
        self._rest = b""
        self.lost = 0

    @property
    def ended(self) -> bool:
        """Whether nothing is left to play."""
        return self._at >= len(self._steps) and not self._rest

    def wait(self, seconds: float) -> None:
        """A recording has all the time in the world."""

    def close(self) -> None:
        """Nothing to give back."""

    def write(self, data: bytes) -> None:
        """Must be what was sent when the trace was recorded."""
        while data:
            step = self._next(">")
            sent = bytes.fromhex(step.what)
            _insist(data.startswith(sent), f"sent {data.hex(' ')}, recorded {step.what}")
            data = data[len(sent) :]

    def read(self, want: Any) -> Any:
        """Stream: at most ``want`` bytes. Files: the text of the file called ``want``."""
        if isinstance(want, str):
            return self._file(want)
        if not self._rest:
            self._rest = self._came()
        data, self._rest = self._rest[:want], self._rest[want:]
        return data

    def rate(self, baud: int) -> None:
        """Must be the rate that was set when the trace was recorded."""
        step = self._next("%")
        _insist(step.what == str(baud), f"changed to {baud} baud, recorded {step.what}")

    def transfer(self, address: int, data: bytes, size: int, pause: float = 0.0) -> bytes:
        """Writes and reads at an I2C address."""
        if data:
            step = self._next(">")
            same = (address, data) == (step.address, bytes.fromhex(step.what))
            _insist(same, f"sent {data.hex(' ')} to {address:02x}, recorded {step.what} to {step.address or 0:02x}")
        if not size:
            return b""
        step = self._next("<")
        return bytes.fromhex(step.what)[:size]

    def take(self) -> tuple[int, float]:
        """The pulses of the next step."""
        edges, seconds, *lost = self._next("+").what.split()
        self.lost = int(lost[0]) if lost else 0
        return int(edges), float(seconds)

    def level(self) -> bool:
        """The level of the next step."""
        return self._next("~").what != "0"

    def _file(self, name: str) -> str:
        step = self._next("=")
        recorded, _, text = step.what.partition(" ")
        _insist(name == recorded, f"read {name}, recorded {recorded}")
        return str(json.loads(text))

    def _came(self) -> bytes:
        if self._at >= len(self._steps):
            return b""
        step = self._next("<")
        return bytes.fromhex(step.what)

    def _next(self, sign: str) -> Step:
        if self._at >= len(self._steps):
            raise BusError(END)
        step = self._steps[self._at]
        self._at += 1
        if step.sign == "!":
            return _failed(step)
        _insist(step.sign == sign, f"wants {sign!r}, but step {self._at} of the trace is {step.sign} {step.what}")
        return step


def _insist(same: bool, why: str) -> None:
    if not same:
        raise Mismatch(why)


def _failed(step: Step) -> Step:
    """Plays a time-out as no bytes and an error as a failing wire."""
    if step.what == "timeout":
        return Step("<", "")
    raise BusError(os.strerror(int(step.what.split()[-1])))


class Recorder:
    """A bus around a bus: hands everything through and writes a trace of it."""

    def __init__(self, bus: Any, out: TextIO) -> None:
        self._bus = bus
        self._out = out

    def wait(self, seconds: float) -> None:
        """As the bus inside."""
        self._bus.wait(seconds)

    def close(self) -> None:
        """As the bus inside."""
        self._bus.close()

    def write(self, data: bytes) -> None:
        """As the bus inside."""
        stream: Stream = self._bus
        self._guarded("", stream.write, data)
        self._line(f"> {data.hex(' ')}")

    def rate(self, baud: int) -> None:
        """As the bus inside, if that can."""
        if isinstance(self._bus, Tunable):
            self._guarded("", self._bus.rate, baud)
            self._line(f"% {baud}")

    def read(self, want: Any) -> Any:
        """As the bus inside; a time-out is written as one."""
        if isinstance(want, str):
            return self._file(want)
        stream: Stream = self._bus
        data = self._guarded("", stream.read, want)
        self._line(f"< {data.hex(' ')}" if data else "! timeout")
        return data

    def transfer(self, address: int, data: bytes, size: int, pause: float = 0.0) -> bytes:
        """As the bus inside."""
        i2c: I2C = self._bus
        got: bytes = self._guarded(f"{address:02x} ", i2c.transfer, address, data, size, pause)
        if data:
            self._line(f"{address:02x} > {data.hex(' ')}")
        if got:
            self._line(f"{address:02x} < {got.hex(' ')}")
        return got

    def take(self) -> tuple[int, float]:
        """As the bus inside."""
        pulses: Pulses = self._bus
        edges, seconds = self._guarded("", pulses.take)
        self._line(f"+ {edges} {seconds:.6f}" + (f" {pulses.lost}" if pulses.lost else ""))
        return edges, seconds

    @property
    def lost(self) -> int:
        """As the bus inside."""
        pulses: Pulses = self._bus
        return pulses.lost

    def level(self) -> bool:
        """As the bus inside."""
        pin: Pin = self._bus
        active = bool(self._guarded("", pin.level))
        self._line(f"~ {active:d}")
        return active

    def _file(self, name: str) -> str:
        files: Files = self._bus
        text: str = self._guarded("", files.read, name)
        self._line(f"= {name} {json.dumps(text)}")
        return text

    def _guarded(self, prefix: str, call: Any, *args: Any) -> Any:
        try:
            return call(*args)
        except BusError as error:
            cause = error.__cause__
            number = cause.errno if isinstance(cause, OSError) and cause.errno else 5
            self._line(f"{prefix}! error {number}")
            raise

    def _line(self, text: str) -> None:
        self._out.write(text + "\n")
