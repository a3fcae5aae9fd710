"""The meter's side of CJ/T 188."""

from drivers.sim.buses import wave
from drivers.sim.faults import Faults
from drivers.sim.modbus import SimLine
from drivers.sim.time import Time

ANY = b"\xaa" * 7
DATE = bytes.fromhex("30151224112026")  # second, minute, hour, day, month, 20, year


class Meter:
    """Answers a read of current data (0x901F in either order) to its number and to the wildcard."""

    def __init__(self, number: str, kind: int) -> None:
        self._address = bytes.fromhex(number)[::-1]
        self._kind = kind

    def answer(self, data: bytes, at: float) -> bytes:
        """An answer frame; nothing to damaged questions and to other meters."""
        frame = data.lstrip(b"\xfe")
        if len(frame) != 16 or frame[0] != 0x68 or frame[-1] != 0x16 or sum(frame[:-2]) & 0xFF != frame[-2]:
            return b""
        if frame[2:9] not in (self._address, ANY):
            return b""
        identifier = frame[11:13]
        known = frame[9] == 0x01 and identifier in (b"\x1f\x90", b"\x90\x1f")
        body = identifier + frame[13:14] + self._data(at) if known else frame[13:14] + b"\x01\x00"
        return b"\xfe\xfe" + self._framed(0x81 if known else 0xC1, body)

    def _framed(self, control: int, body: bytes) -> bytes:
        frame = bytes((0x68, self._kind)) + self._address + bytes((control, len(body))) + body
        return frame + bytes((sum(frame) & 0xFF, 0x16))

    def _data(self, at: float) -> bytes:
        if self._kind not in (0x20, 0x21):
            return _bcd(1234.5 + at / 3600, 4) + b"\x2c" + _bcd(1200, 4) + b"\x2c" + DATE + b"\x00\x00"
        supply, flow = wave(at, 60, 75, 1800), wave(at, 0.4, 1.2, 900)
        heat = _bcd(8000, 4) + b"\x05" + _bcd(8765 + at / 60, 4) + b"\x05" + _bcd(23 * flow, 3) + b"\x17"
        heat += _bcd(flow, 3, 4) + b"\x35" + _bcd(456 + at / 3600, 4) + b"\x2c"
        return heat + _bcd(supply, 3) + _bcd(supply - 20, 3) + _bcd(1234, 3, 0) + DATE + b"\x00\x00"


def _bcd(value: float, size: int, decimals: int = 2) -> bytes:
    """Low byte first."""
    return bytes.fromhex(f"{round(value * 10**decimals):0{2 * size}d}")[::-1]


def simulator(time: Time, faults: Faults, number: str = "78330011223344", kind: str = "16") -> SimLine:
    """A water meter; ``kind`` 32 is one for heat."""
    return SimLine(time, faults, Meter(number, int(kind)))
