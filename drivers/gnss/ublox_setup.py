"""The settings of a u-blox receiver, for every generation (protocol specifications of u-blox 6 to M10).

They are sent at every start, into RAM only: u-blox 6 has no flash, and that of others wears.
"""

import struct
from collections.abc import Mapping
from itertools import cycle
from typing import Any

from drivers.bus import Stream, Tunable
from drivers.errors import BadData
from drivers.gnss import ubx

ACK, NAK = b"\x05\x01", b"\x05\x00"
CFG_MSG, CFG_RATE, CFG_NAV5, CFG_VALSET = b"\x06\x01", b"\x06\x08", b"\x06\x24", b"\x06\x8a"
NAMES = {CFG_MSG: "CFG-MSG", CFG_RATE: "CFG-RATE", CFG_NAV5: "CFG-NAV5", CFG_VALSET: "CFG-VALSET"}
NMEA = (0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x08, 0x0D)  # GGA GLL GSA GSV RMC VTG ZDA GNS
MODELS = {"portable": 0, "stationary": 2, "pedestrian": 3, "automotive": 4, "sea": 5}
HAS_PVT, HAS_SAT, HAS_EOE, HAS_KEYS = 14, 15, 18, 27  # the protocol versions with which these came
OUTPUTS = ("uart1", "uart2", "usb")  # a key counts them up from that of uart1
PROTOCOLS = 0x10740001  # UBX on uart1; NMEA is the next, and each output has 0x20000 more
KEYS = {"PVT": 0x20910007, "DOP": 0x20910039, "SAT": 0x20910016, "EOE": 0x20910160, "RF": 0x2091035A}  # of uart1
RATE_MEAS, DYNMODEL = 0x30210001, 0x20110021

RATES = (9600, 38400, 115200, 57600, 4800, 19200, 230400)
DEAF, LOYAL = 6, 20  # silences or failures until another rate is tried: without a frame yet, and after some
ROUNDS = 4  # measurements or silences, of a quarter of a second at least, until a message is sent again
TRIES = 3

Stages = tuple[list[bytes], list[bytes]]


def stages(protocol: float, given: Mapping[str, Any]) -> Stages:
    """The settings, and those that end NMEA, which wait until the first have been accepted.

    u-blox 6 has no NAV-PVT and keeps NMEA.
    """
    period, seldom = round(1000 / given["rate"]), max(1, round(given["rate"]))  # ms, and fixes in a second
    model = MODELS[given["model"]]
    if protocol >= HAS_KEYS:
        at = OUTPUTS.index(given["output"])
        out = [(KEYS[name] + at, 1, 1) for name in ("PVT", "DOP", "EOE")]
        out += [(KEYS[name] + at, seldom, 1) for name in ("SAT", "RF")]
        protocols = PROTOCOLS + at * 0x20000
        first = [_valset((RATE_MEAS, period, 2), (DYNMODEL, model, 1)), _valset((protocols, 1, 1), *out)]
        return first, [_valset((protocols + 1, 0, 1))]
    first = [
        ubx.frame(CFG_RATE, struct.pack("<3H", period, 1, 1)),
        ubx.frame(CFG_NAV5, struct.pack("<HB33x", 1, model)),
    ]
    if protocol < HAS_PVT:
        return first, []
    wanted = [(ubx.NAV_PVT, 1), (ubx.NAV_DOP, 1), (ubx.MON_HW, seldom)]
    wanted += [(ubx.NAV_SAT, seldom)] if protocol >= HAS_SAT else []
    wanted += [(ubx.NAV_EOE, 1)] if protocol >= HAS_EOE else []
    first += [ubx.frame(CFG_MSG, kind + bytes((each,))) for kind, each in wanted]
    return first, [ubx.frame(CFG_MSG, bytes((0xF0, number, 0))) for number in NMEA]


def _valset(*items: tuple[int, int, int]) -> bytes:
    """Keys, values and their sizes; version 0, into RAM."""
    pairs = (key.to_bytes(4, "little") + value.to_bytes(size, "little") for key, value, size in items)
    return ubx.frame(CFG_VALSET, b"\0\x01\0\0" + b"".join(pairs))


class Setup:
    """Finds the rate of a receiver, asks for its version, sends the settings of its generation, and keeps account.

    ``binary`` says that NAV-PVT comes, so that NMEA is no longer needed.
    """

    def __init__(self, stream: Stream, given: Mapping[str, Any]) -> None:
        """``given`` has rate, model and output."""
        self.binary = False
        self.identity: Mapping[str, str] = {}
        self._stream, self._given = stream, given
        self._settled = self._known = False  # it accepted everything; it was understood at this rate
        self._refused = False
        self._open: list[bytes] = []
        self._later: list[bytes] = []
        self._round = self._tries = self._deaf = 0
        self._rates = cycle(RATES)

    def begin(self) -> None:
        """From the beginning."""
        self.binary = False
        self._later = []
        self._send([ubx.frame(ubx.MON_VER)])

    def hear(self, frame: bytes) -> None:
        """Takes any frame of the receiver. Raises ``BadData`` when it refused a setting; then NMEA is left on."""
        self._known, self._deaf = True, 0
        kind, payload = frame[2:4], frame[6:-2]
        if frame.startswith(b"$"):
            if self.binary and self._settled:  # NMEA was ended: the receiver has started anew
                self.begin()
        elif kind == ubx.NAV_PVT:
            self.binary = True
        elif kind == ubx.MON_VER and len(payload) >= 40:
            self._refused = False
            self.identity = ubx.identity(payload)
            first, self._later = stages(ubx.protocol(payload), self._given)
            self._send(first)
        elif kind in (ACK, NAK):
            self._answered(payload[:2], refused=kind == NAK)

    def pass_round(self) -> None:
        """Once a measurement: another rate if nothing was understood, and again what had no answer.

        Raises ``BadData`` once, when it gives up.
        """
        if self._deaf >= (LOYAL if self._known else DEAF):
            self._retune()
        self._deaf += 1
        self._round += 1
        if self._open and self._round % ROUNDS == 0:
            self._urge()

    def _retune(self) -> None:
        self._known, self._deaf = False, 0
        if isinstance(self._stream, Tunable):
            self._stream.rate(next(self._rates))
        self.begin()

    def _urge(self) -> None:
        self._tries += 1
        if self._tries < TRIES:
            self._stream.write(b"".join(self._open))
            return
        named = sorted({NAMES.get(message[2:4], "MON-VER") for message in self._open})
        self._open, self._later = [], []
        raise BadData(f"the receiver does not answer {', '.join(named)}: is its RX connected? It stays as it is")

    def _send(self, messages: list[bytes]) -> None:
        self._settled = False
        self._open, self._round, self._tries = messages, 0, 0
        self._stream.write(b"".join(messages))

    def _answered(self, kind: bytes, *, refused: bool) -> None:
        message = next((message for message in self._open if message[2:4] == kind), None)
        if message is None:
            return
        self._open.remove(message)
        if refused:
            self._refused, self._later = True, []
            raise BadData(f"the receiver refused {NAMES[kind]} {message[6:-2].hex(' ')}: it stays as it is")
        if not self._open:
            self._finish()

    def _finish(self) -> None:
        """All was answered: ends NMEA, if that is still to be done."""
        later, self._later = self._later, []
        if later:
            self._send(later)
        else:
            self._settled = not self._refused
