"""SHDLC, Sensirion's serial protocol: questions and answers between flags (SPS30 data sheet v1.0, chapter 5.1)."""

from collections.abc import Iterator
from typing import NamedTuple

from drivers.bus import Stream
from drivers.errors import BadData, NoData
from drivers.framing import Framer

FLAG = b"\x7e"
ESCAPE = 0x7D
STUFFED = {0x7E: 0x5E, 0x7D: 0x5D, 0x11: 0x31, 0x13: 0x33}
PLAIN = {stuffed: byte for byte, stuffed in STUFFED.items()}
PATIENCE = 2048  # bytes of nonsense before a question counts as not answered
DEVICE_ERROR = 0x80  # bit of the state: something in the status register is wrong
STATES = {1: "wrong length", 2: "unknown command", 4: "bad parameter", 0x28: "internal fault", 0x43: "not now"}


class Reply(NamedTuple):
    """What a device answers; the low seven bits of ``state`` are an error of the command, 0 is none."""

    address: int
    command: int
    state: int
    data: bytes


def packed(content: bytes) -> bytes:
    """A frame: flag, content and its inverted sum with their four special bytes stuffed, flag."""
    body = content + bytes((~sum(content) & 0xFF,))
    return FLAG + b"".join(bytes((ESCAPE, STUFFED[b])) if b in STUFFED else bytes((b,)) for b in body) + FLAG


def content(frame: bytes) -> bytes:
    """What a frame holds, without its sum. Raises ``BadData``."""
    if len(frame) < 3 or frame[:1] != FLAG or frame[-1:] != FLAG:
        raise BadData("no frame between two flags")
    got, escaped = bytearray(), False
    for byte in frame[1:-1]:
        if byte != ESCAPE or escaped:
            got.append(_plain(byte) if escaped else byte)
        escaped = byte == ESCAPE and not escaped
    if escaped or ~sum(got[:-1]) & 0xFF != got[-1]:
        raise BadData("wrong check sum")
    return bytes(got[:-1])


def _plain(stuffed: int) -> int:
    if stuffed not in PLAIN:
        raise BadData(f"{stuffed:02x} stands for no stuffed byte")
    return PLAIN[stuffed]


def request(command: int, data: bytes = b"", address: int = 0) -> bytes:
    """The frame of a question."""
    return packed(bytes((address, command, len(data))) + data)


def reply(frame: bytes) -> Reply:
    """What the frame of an answer says. Raises ``BadData`` where sum or length is wrong."""
    got = content(frame)
    if len(got) < 4 or len(got) != 4 + got[3]:
        raise BadData(f"an answer of {len(got)} bytes has the wrong length")
    return Reply(got[0], got[1], got[2], got[4:])


class Flagged:
    """The shape of an answer, for a framer. Two flags in a row are the end of one frame and the begin of the next."""

    start = FLAG
    limit = 2 + 2 * (4 + 255 + 1)

    def length(self, head: bytes) -> int:
        """To the next flag."""
        end = head.find(FLAG, 1)
        if end > 1:
            return end + 1
        return 0 if end < 0 and len(head) < self.limit else -1

    def valid(self, frame: bytes) -> bool:
        """Whether sum and length hold."""
        try:
            reply(frame)
        except BadData:
            return False
        return True


class Line:
    """The master's end of a line with one device."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._frames = Framer(Flagged())
        self._wrong: NoData | BadData = NoData()

    def ask(self, command: int, data: bytes = b"") -> Reply:
        """The answer to a question. Raises ``NoData`` when there is none, ``BadData`` when it is wrong or refuses."""
        self._frames = Framer(Flagged())
        self._wrong = NoData(f"no answer to command {command:02x}")
        self.tell(command, data)
        heard = 0
        while heard < PATIENCE and (piece := self._stream.read(256)):
            heard += len(piece)
            for got in self._replies(piece):
                if got.command == command:
                    return _accepted(got)
        raise self._wrong

    def tell(self, command: int, data: bytes = b"") -> None:
        """Sends a command and leaves its answer lying; the next ``ask`` passes over it."""
        self._stream.write(request(command, data))

    def _replies(self, piece: bytes) -> Iterator[Reply]:
        self._frames.feed(piece)
        while True:
            try:
                frame = self._frames.next()
            except BadData as bad:
                self._wrong = bad
                continue
            if frame is None:
                return
            yield reply(frame)


def _accepted(got: Reply) -> Reply:
    state = got.state & ~DEVICE_ERROR
    if state:
        raise BadData(f"command {got.command:02x} refused, state {state:02x}: {STATES.get(state, 'unknown')}")
    return got
