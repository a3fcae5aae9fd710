"""Every framed device on a bad line: its frames come out whole and in order, whatever stands between them.

The frames are those its simulator sends, so the real driver, its framing and its decoding all run.
"""

import random

import pytest

import drivers
from drivers.framing import Line
from drivers.sim import SimPort, simulated
from drivers.sim.time import VirtualTime
from tests.fakes import Pieces

FRAMED = [
    name
    for name in drivers.names()
    if issubclass(kind := drivers.load(name), drivers.StreamDriver)
    and kind.streaming
    and simulated(name)
    and not any(isinstance(shape, Line) for shape in kind.framing)
]
EPOCHS = {"gnss_nmea", "gnss_ublox"}  # several frames make one measurement: a lost one changes it
SECONDS = 40


def transmissions(name):
    """What the simulated device sends by itself, one piece a transmission."""
    port = SimPort(name, "sim://", VirtualTime())
    bus = port.open()
    driver = drivers.load(name)(bus)
    driver.start()
    end, sent = port.time.now() + SECONDS, []
    while port.time.now() < end:
        if piece := bus.read(4096):
            sent.append(piece)
    return sent


def measured(name, pieces):
    """The values of every measurement, in order; errors are passed over."""
    driver, values = drivers.load(name)(Pieces(pieces)), []
    for _ in range(20 * len(pieces) + 200):
        try:
            values.append(dict(driver.measure().values))
        except drivers.NoData:
            if not driver.stream.pieces:
                return values
        except drivers.DriverError:
            continue
    return values


def cut(data, rng):
    pieces = []
    while data:
        size = rng.randrange(1, 40)
        pieces.append(data[:size])
        data = data[size:]
    return pieces


@pytest.fixture(scope="module", params=FRAMED)
def device(request):
    sent = transmissions(request.param)
    return request.param, sent, measured(request.param, sent)


def test_there_are_framed_devices():
    assert len(FRAMED) >= 12


def test_pieces_of_any_size_give_the_same(device):
    name, sent, clean = device
    assert len(clean) > 3
    for seed in range(5):
        assert measured(name, cut(b"".join(sent), random.Random(seed))) == clean


def test_noise_and_false_headers_between_frames_cost_nothing(device):
    name, sent, clean = device
    starts = [shape.start for shape in drivers.load(name).framing]
    for seed in range(5):
        rng = random.Random(seed)
        noisy = b"".join(piece + rng.choice([b"", rng.randbytes(9), rng.choice(starts)]) for piece in sent)
        found = measured(name, cut(noisy, rng))
        wrong = [values for values in found if values not in clean]
        assert not wrong, "noise became a value"
        assert len(found) >= len(clean) - (2 * len(sent) // 3 if name in EPOCHS else 0)


def test_dropped_bytes_never_make_a_value(device):
    name, sent, clean = device
    if name in EPOCHS:
        pytest.skip("a lost sentence leaves a smaller fix, which tests/test_gnss.py judges")
    for seed in range(5):
        rng = random.Random(seed)
        data = bytes(byte for byte in b"".join(sent) if rng.random() > 0.01)
        assert all(values in clean for values in measured(name, cut(data, rng)))


def test_every_flipped_bit_is_refused_or_changes_nothing(device):
    name, sent, clean = device
    if name in EPOCHS:
        pytest.skip("sentence by sentence in tests/test_framing.py")
    frame = sent[-1]
    for bit in range(8 * len(frame)):
        flipped = bytearray(frame)
        flipped[bit // 8] ^= 1 << bit % 8
        assert all(values in clean for values in measured(name, [bytes(flipped)])), f"bit {bit}"


def test_ten_megabytes_without_a_frame_leave_no_memory(device):
    name, _, _ = device
    rng, driver = random.Random(0), None
    block = rng.randbytes(1 << 16).replace(b"$", b"%")
    driver = drivers.load(name)(Pieces([block] * 160))
    while driver.stream.pieces:
        with pytest.raises(drivers.DriverError):
            driver.measure()
        assert driver.frames.waiting <= max(shape.limit for shape in driver.framing) + 256  # one read ahead
