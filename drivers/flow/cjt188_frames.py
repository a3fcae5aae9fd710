"""Frames and data of CJ/T 188 meters (2004 and 2018), command 0x901F: current data."""

from typing import NamedTuple

from drivers.bus import Stream
from drivers.driver import Measurement
from drivers.errors import BadData, NoData
from drivers.framing import Framer, Sized
from drivers.modbus import LONGEST
from drivers.quality import NONE, Reason
from drivers.quantity import Quantity

WAKE = b"\xfe" * 4
ANY = b"\xaa" * 7
TYPES = {"cold": 0x10, "hot": 0x11, "drinking": 0x12, "reclaimed": 0x13, "gas": 0x30, "heat": 0x20, "cooling": 0x21}
SILENCES = 8  # reads of 0.25 s: a battery meter wakes up and answers within 2 s
READ, READ_ANSWER, ERROR = 0x01, 0x81, 0x40
_BASES = {
    0x02: 1e-3,
    0x05: 1.0,
    0x08: 1e3,
    0x0B: 1 / 3600,
    0x0E: 1 / 3.6,
    0x11: 1e3 / 3.6,
}  # Wh kWh MWh kJ MJ GJ in kWh
_BASES |= {0x14: 1e-3, 0x17: 1.0, 0x1A: 1e3}  # W kW MW in kW
_BASES |= {0x29: 1e-3, 0x2C: 1.0, 0x32: 1e-3, 0x35: 1.0}  # L and m3 in m3, L/h and m3/h in m3/h
UNITS = {code + step: factor * 10.0**step for code, factor in _BASES.items() for step in range(3)}
VALVE, BATTERY = 0b11, 0b100

WATER = (Quantity("volume", "m3", 0, 1e6, 2), Quantity("volume_settled", "m3", 0, 1e6, 2))
HEAT = (
    Quantity("energy_settled", "kWh", 0, 1e9, 2),
    Quantity("energy", "kWh", 0, 1e9, 2),
    Quantity("power", "kW", 0, 1e6, 2),
    Quantity("flow", "m3/h", 0, 1e5, 4),
    Quantity("volume", "m3", 0, 1e6, 2),
    Quantity("temperature_supply", "Cel", 0, 180, 2),
    Quantity("temperature_return", "Cel", 0, 180, 2),
)


class Answer(NamedTuple):
    """What a frame says: kind of meter, address as printed (vendor first), data behind the serial number."""

    kind: int
    meter: str
    data: bytes


def _sound(frame: bytes) -> bool:
    return frame[-1] == 0x16 and sum(frame[:-2]) & 0xFF == frame[-2]


FRAME = Sized(b"\x68", 11, lambda head: 13 + head[10], _sound, limit=13 + 255)


def request(kind: int, meter: str = "", order: str = "2018", serial: int = 0) -> bytes:
    """The question for current data; ``meter`` as printed, "" for any; ``order``: which year's standard."""
    address = bytes.fromhex(meter)[::-1] or ANY
    identifier = b"\x1f\x90" if order == "2018" else b"\x90\x1f"
    frame = bytes((0x68, kind)) + address + bytes((READ, 3)) + identifier + bytes((serial,))
    return WAKE + frame + bytes((sum(frame) & 0xFF, 0x16))


def listen(stream: Stream, question: bytes, meter: str) -> Answer:
    """The answer of ``meter`` to a question that was just sent. Raises ``NoData`` or ``BadData``."""
    frames, silences, heard = Framer(FRAME), 0, b""
    while silences < SILENCES and len(heard) < LONGEST:
        data = stream.read(256)
        frames.feed(data)
        heard += data
        silences += not data
        while (frame := frames.next(idle=not data)) is not None:
            answer = parsed(frame)
            if answer and meter in ("", answer.meter):
                return answer
    if heard.removeprefix(question):
        raise BadData(f"{len(heard)} bytes and no answer of the meter among them: {heard[:16].hex(' ')}")
    raise NoData("no meter answers")


def parsed(frame: bytes) -> Answer | None:
    """A checked frame; None for one that is no answer (our own question, come back)."""
    control, body = frame[9], frame[11:-2]
    if control & ERROR and control & 0x80:
        raise BadData(f"the meter refuses: status {body[1:].hex(' ')}")
    if control != READ_ANSWER:
        return None
    if body[:2] not in (b"\x1f\x90", b"\x90\x1f"):
        raise BadData(f"an answer to {body[:2].hex(' ')} instead of 1f 90")
    return Answer(frame[1], frame[8:1:-1].hex(), body[3:])


def amount(data: bytes, decimals: int) -> float:
    """BCD, low byte first."""
    digits = data[::-1].hex()
    if not digits.isdecimal():
        raise BadData(f"{data.hex(' ')} is no decimal number: the meter is broken")
    return int(digits) / 10.0**decimals


def _counted(data: bytes, decimals: int = 2) -> float:
    """A number and the unit behind it."""
    if data[-1] not in UNITS:
        raise BadData(f"unit {data[-1]:#04x} is not known here")
    return amount(data[:-1], decimals) * UNITS[data[-1]]


def water(data: bytes) -> Measurement:
    """Current total, settled total, date, status."""
    if len(data) != 19:
        raise BadData(f"{len(data)} bytes where a water or gas meter has 19")
    return _flagged({"volume": _counted(data[:5]), "volume_settled": _counted(data[5:10])}, data[-2])


def heat(data: bytes, flow_decimals: int) -> Measurement:
    """Heat twice, power, flow, volume, two temperatures of 2 or 3 bytes, hours, date, status."""
    width = {39: 2, 41: 3}.get(len(data))
    if width is None:
        raise BadData(f"{len(data)} bytes where a heat meter has 39 or 41")
    values = {"energy_settled": _counted(data[:5]), "energy": _counted(data[5:10]), "power": _counted(data[10:14])}
    values |= {"flow": _counted(data[14:18], flow_decimals), "volume": _counted(data[18:23])}
    values["temperature_supply"] = amount(data[23 : 23 + width], 2)
    values["temperature_return"] = amount(data[23 + width : 23 + 2 * width], 2)
    return _flagged(values, data[-2])


def _flagged(values: dict[str, float], status: int) -> Measurement:
    reason = Reason.SENSOR_FAULT if status & VALVE == VALVE else NONE
    reason |= Reason.MAINTENANCE if status & BATTERY else NONE
    return Measurement(values, dict.fromkeys(values, reason) if reason else {})
