"""The framer gives exactly the whole frames of a stream, however it is cut and whatever lies between them."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.checks import fletcher8, sum16, xor8
from drivers.errors import BadData
from drivers.framing import MORE, Fixed, Format, Framer, Sentence, Sized

FIXED = Fixed(b"BM\x00\x1c", 32, sum16)
SIZED = Sized(b"\xb5\x62", 6, lambda head: 8 + int.from_bytes(head[4:6], "little"), fletcher8, limit=128)
SENTENCE = Sentence()
FORMATS = {"fixed": FIXED, "sized": SIZED, "sentence": SENTENCE}
often = settings(max_examples=75, derandomize=True, database=None)


def fixed(payload: bytes) -> bytes:
    body = FIXED.start + payload
    return body + (sum(body) & 0xFFFF).to_bytes(2, "big")


def sized(payload: bytes) -> bytes:
    body = b"\x01\x07" + len(payload).to_bytes(2, "little") + payload
    a = b = 0
    for byte in body:
        a = (a + byte) & 0xFF
        b = (b + a) & 0xFF
    return SIZED.start + body + bytes((a, b))


def sentence(text: str) -> bytes:
    return f"${text}*{xor8(text.encode()):02X}\r\n".encode()


TEXT = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="$*"), min_size=4, max_size=60)
FRAMES = {
    "fixed": st.binary(min_size=26, max_size=26).map(fixed),
    "sized": st.binary(min_size=1, max_size=40).map(sized),
    "sentence": TEXT.map(sentence),
}


def noise(shape: Format) -> st.SearchStrategy[bytes]:
    """Bytes that are no frame: plain noise, a false header, the beginning of one."""
    header = st.binary(max_size=20).map(lambda tail: shape.start + tail)
    return st.binary(max_size=40) | header | st.just(shape.start[:1]) | st.just(shape.start * 3)


def drain(framer: Framer, *, idle: bool = False) -> list[bytes]:
    got = []
    while True:
        try:
            frame = framer.next(idle=idle)
        except BadData:
            continue
        if frame is None:
            return got
        got.append(frame)


def frames(framer: Framer, pieces: Iterable[bytes]) -> list[bytes]:
    got = []
    for piece in pieces:
        framer.feed(piece)
        got += drain(framer)
    return got + drain(framer, idle=True)


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    pieces, at = [], 0
    while at < len(data):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(data[at : at + size])
        at += size
    return pieces


def scan(stream: bytes, shape: Format) -> list[bytes]:
    """The frames of a stream by trying every byte: slow, and plainly right."""
    got, at = [], 0
    while at < len(stream):
        head = stream[at : at + shape.limit]
        length = shape.length(head) if head.startswith(shape.start) else MORE
        if length > 0 and length <= len(head) and shape.valid(head[:length]):
            got.append(head[:length])
            at += length
        else:
            at += 1
    return got


SIZES = st.lists(st.integers(1, 50), min_size=1, max_size=8)


@pytest.mark.parametrize("name", FORMATS)
@often
@given(data=st.data())
def test_noise_and_false_headers_between_frames(name: str, data: st.DataObject) -> None:
    shape = FORMATS[name]
    parts = data.draw(st.lists(st.tuples(noise(shape), FRAMES[name]), max_size=6))
    stream = b"".join(junk + frame for junk, frame in parts) + data.draw(noise(shape))
    got = frames(Framer(shape), cut(stream, data.draw(SIZES)))
    assert got == scan(stream, shape)
    assert got == [frame for _, frame in parts]


@pytest.mark.parametrize("name", FORMATS)
@often
@given(data=st.data())
def test_dropped_bytes_cost_one_frame(name: str, data: st.DataObject) -> None:
    shape = FORMATS[name]
    whole = data.draw(st.lists(FRAMES[name], min_size=1, max_size=5))
    torn = data.draw(FRAMES[name])
    drop = data.draw(st.integers(0, len(torn) - 5))
    place = data.draw(st.integers(0, len(whole)))
    stream = b"".join([*whole[:place], torn[:drop] + torn[drop + 1 :], *whole[place:]])
    assert frames(Framer(shape), cut(stream, data.draw(SIZES))) == whole


@pytest.mark.parametrize("name", FORMATS)
@often
@given(data=st.data())
def test_silence_between_pieces_loses_nothing(name: str, data: st.DataObject) -> None:
    shape = FORMATS[name]
    whole = data.draw(st.lists(FRAMES[name], min_size=1, max_size=4))
    framer, got = Framer(shape), []
    for piece in cut(b"".join(whole), data.draw(SIZES)):
        framer.feed(piece)
        got += drain(framer, idle=data.draw(st.booleans()))
    assert got + drain(framer, idle=True) == whole


@often
@given(data=st.data())
def test_two_formats_on_one_line(data: st.DataObject) -> None:
    whole = data.draw(st.lists(FRAMES["sized"] | FRAMES["sentence"], max_size=6))
    assert frames(Framer(SENTENCE, SIZED), cut(b"".join(whole), data.draw(SIZES))) == whole


@pytest.mark.parametrize("name", FORMATS)
def test_half_a_frame_does_not_hide_whole_ones(name: str) -> None:
    frame = {"fixed": fixed(bytes(26)), "sized": sized(b"abcdef"), "sentence": sentence("GPGGA,1,2")}[name]
    framer = Framer(FORMATS[name])
    framer.feed(frame[:-6] + frame + frame)
    assert drain(framer, idle=True) == [frame, frame]


def test_half_a_frame_of_a_long_format_waits_only_for_silence() -> None:
    framer = Framer(SIZED)
    framer.feed(b"\xb5\x62\x01\x07\x70\x00" + sized(b"abc"))
    assert drain(framer) == []
    assert drain(framer, idle=True) == [sized(b"abc")]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("flood", ["zeros", "text", "headers", "first bytes"])
def test_a_flood_is_not_kept(name: str, flood: str) -> None:
    shape = FORMATS[name]
    unit = {"zeros": bytes(8), "text": b"12345,\r\n", "headers": shape.start, "first bytes": shape.start[:1]}[flood]
    piece = (unit * 256)[:256]
    framer, most = Framer(shape), 0
    for _ in range((1 << 18) // len(piece)):
        framer.feed(piece)
        assert drain(framer) == []
        most = max(most, framer.waiting)
    assert most <= shape.limit
    assert framer.noise + framer.waiting == 1 << 18


@pytest.mark.parametrize(
    ("shape", "frame"),
    [(FIXED, fixed(bytes(range(26)))), (SIZED, sized(b"\x00\x01position\xff"))],
    ids=["fixed", "sized"],
)
def test_every_flipped_bit_is_refused(shape: Format, frame: bytes) -> None:
    for bit in range(len(frame) * 8):
        broken = bytearray(frame)
        broken[bit // 8] ^= 1 << bit % 8
        assert frames(Framer(shape), [bytes(broken)]) == [], f"bit {bit}"


def test_no_flipped_bit_changes_what_a_sentence_says() -> None:
    """The digits of the check sum may change their case, and the line end its kind of blank, without harm."""
    frame = sentence("GPGGA,120000.00,5231.2,N,01324.3,E,1,09,0.9,36.0,M,42.5,M,,")
    said = frame.rpartition(b"*")[0]
    for bit in range(len(frame) * 8):
        broken = bytearray(frame)
        broken[bit // 8] ^= 1 << bit % 8
        got = frames(Framer(SENTENCE), [bytes(broken)])
        assert got == [] or [part.rpartition(b"*")[0] for part in got] == [said], f"bit {bit}"
        assert bit // 8 >= len(said) or got == []


@pytest.mark.parametrize("text", [b"$GPGGA,1\r\n", b"$GPGGA,1*\r\n", b"$GPGGA,1*5\r\n", b"$GPGGA,1*XY\r\n"])
def test_a_sentence_without_a_check_sum_is_refused(text: bytes) -> None:
    framer = Framer(SENTENCE)
    framer.feed(text)
    with pytest.raises(BadData, match="check sum"):
        framer.next()


def test_what_was_thrown_away_is_counted() -> None:
    broken = bytearray(fixed(bytes(26)))
    broken[10] ^= 1
    framer = Framer(FIXED)
    assert frames(framer, [b"abc", bytes(broken), fixed(bytes(26))]) == [fixed(bytes(26))]
    assert (framer.bad, framer.noise, framer.waiting) == (1, 3 + 32, 0)
