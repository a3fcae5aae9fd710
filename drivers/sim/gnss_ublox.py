"""A u-blox receiver beside the town hall of Berlin: NMEA at first, UBX once it is told so."""

import struct
from datetime import datetime, timedelta

from drivers.checks import fletcher8
from drivers.gnss import ubx
from drivers.gnss.ublox_setup import ACK, CFG_MSG, CFG_NAV5, CFG_RATE, CFG_VALSET, KEYS, NAK, NMEA, PROTOCOLS, RATE_MEAS
from drivers.sim import gnss_nmea as world
from drivers.sim.buses import SimStream, wave
from drivers.sim.faults import Faults
from drivers.sim.time import Time

SENTENCES = {"GGA": 0x00, "GLL": 0x01, "GSA": 0x02, "GSV": 0x03, "RMC": 0x04, "VTG": 0x05}
ORDER = {"PVT": ubx.NAV_PVT, "SAT": ubx.NAV_SAT, "DOP": ubx.NAV_DOP, "EOE": ubx.NAV_EOE, "RF": ubx.MON_RF}
WEEK = 604_800_000  # ms
IN_VIEW, USED = 14, 9
MODULE = 18  # the protocol of the M8, the only one here with a name


class Receiver(world.Receiver):
    """Has the settings of its messages: each so many fixes, 0 is off. Understands what comes at its own rate only."""

    def __init__(self, born: float, protocol: float, baud: int) -> None:
        super().__init__(born, 1.0, 0.0)
        self.tuned = True
        self.baud = baud
        self._protocol, self._count = protocol, 0
        self._every: dict[bytes, int] = {bytes((0xF0, number)): 1 for number in SENTENCES.values()}

    def frame(self, at: float) -> bytes:
        """One burst; at another rate it is nonsense."""
        self._count += 1
        lines = super().frame(at).splitlines(keepends=True)
        on = [line for line in lines if self._due(bytes((0xF0, SENTENCES[line[3:6].decode()])))]
        burst = b"".join(on) + b"".join(self._message(kind, at) for kind in (*ORDER.values(), ubx.MON_HW))
        return burst if self.tuned else bytes(byte | 0x92 for byte in burst)

    def receive(self, data: bytes) -> bytes:
        """Answers every message it understands."""
        out = b""
        while self.tuned and len(data) >= 8:
            size = 8 + int.from_bytes(data[4:6], "little")
            message, data = data[:size], data[size:]
            if message.startswith(ubx.FRAME.start) and fletcher8(message):
                out += self._answer(message[2:4], message[6:-2])
        return out

    def _answer(self, kind: bytes, payload: bytes) -> bytes:
        if kind == ubx.MON_VER:
            version = b"ROM CORE 3.01".ljust(30, b"\0") + b"00080000".ljust(10, b"\0")
            known = f"PROTVER={self._protocol:.2f}".encode().ljust(30, b"\0") if self._protocol else b""
            named = b"MOD=NEO-M8N-0".ljust(30, b"\0") if self._protocol == MODULE else b""
            return ubx.frame(ubx.MON_VER, version + known + named)
        return ubx.frame(ACK if self._accepts(kind, payload) else NAK, kind)

    def _accepts(self, kind: bytes, payload: bytes) -> bool:
        if kind == CFG_VALSET:
            return self._protocol >= 27 and all(self._set(key, value) for key, value in _items(payload[4:]))
        if self._protocol >= 34:
            return False
        if kind == CFG_RATE:
            self.period = int.from_bytes(payload[:2], "little") / 1000
        elif kind == CFG_MSG:
            self._every[payload[:2]] = payload[2]
        return kind in (CFG_RATE, CFG_MSG, CFG_NAV5)

    def _set(self, key: int, value: int) -> bool:
        if key == RATE_MEAS:
            self.period = value / 1000
        elif key == PROTOCOLS + 1:
            self._every |= dict.fromkeys((bytes((0xF0, number)) for number in NMEA), value)
        for name, known in KEYS.items():
            if key == known:
                self._every[ORDER[name]] = value
        return True

    def _due(self, kind: bytes) -> bool:
        every = self._every.get(kind, 0)
        return bool(every) and self._count % every == 0

    def _message(self, kind: bytes, at: float) -> bytes:
        return ubx.frame(kind, _payload(kind, at)) if self._due(kind) else b""


class Line(SimStream):
    """A port whose rate may be that of the receiver or not."""

    def __init__(self, time: Time, faults: Faults, receiver: Receiver, baud: int) -> None:
        super().__init__(time, faults, receiver)
        self._receiver = receiver
        self.rate(baud)

    def rate(self, baud: int) -> None:
        """The port changes, the receiver does not."""
        self._receiver.tuned = baud == self._receiver.baud


def _items(data: bytes) -> list[tuple[int, int]]:
    """Keys and values of CFG-VALSET; the size of a value stands in bits 28 to 30 of its key."""
    items = []
    while len(data) > 4:
        key = int.from_bytes(data[:4], "little")
        size = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8}[key >> 28 & 7]
        items.append((key, int.from_bytes(data[4 : 4 + size], "little")))
        data = data[4 + size :]
    return items


def _payload(kind: bytes, at: float) -> bytes:
    now = world.BEGIN + timedelta(seconds=round(at, 3))
    week = struct.pack("<I", round((now - datetime(1980, 1, 6, tzinfo=now.tzinfo)).total_seconds() * 1000) % WEEK)
    if kind == ubx.NAV_PVT:
        return week + _pvt(now, at)
    if kind == ubx.NAV_SAT:
        return week + struct.pack("<BB2x", 1, IN_VIEW) + bytes(12 * IN_VIEW)
    if kind == ubx.NAV_DOP:
        return week + struct.pack("<7H", 201, 171, 105, 144, 92, 65, 66)
    if kind == ubx.NAV_EOE:
        return week
    if kind == ubx.MON_HW:
        return bytes(20) + b"\x02\x01" + bytes(38)
    return struct.pack("<BB2x", 0, 1) + b"\0\0\x02\x01" + bytes(20)


def _pvt(now: datetime, at: float) -> bytes:
    knots, course = world.motion(at)
    sea = round(wave(at, 36_000, 39_000, 240))
    date = struct.pack(
        "<H6BIi", now.year, now.month, now.day, now.hour, now.minute, now.second, 7, 25, now.microsecond * 1000
    )
    place = struct.pack("<ii", round(world.longitude(at) * 1e7), round(world.latitude(at) * 1e7))
    height = struct.pack("<iiII12x", sea + 42_500, sea, 1200, 1900)
    motion = struct.pack("<iiIIH", round(knots / world.KNOTS * 1000), round(course * 1e5), 300, 0, 171)
    return date + b"\x03\x01\x00" + bytes((USED,)) + place + height + motion + bytes(14)


def simulator(time: Time, faults: Faults, protocol: str = "18", baud: str = "9600") -> Line:
    """A receiver of a generation (``protocol`` 0 is u-blox 6, 14 M7, 18 M8, 27 F9, 34 M10) that speaks at ``baud``."""
    return Line(time, faults, Receiver(time.now(), float(protocol), int(baud)), 9600)
