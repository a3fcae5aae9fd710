"""Every single flipped bit of every captured frame with a check sum is refused, or decodes to the same."""

import json
import re

import pytest

import drivers
from drivers import BadData
from drivers.checks import crc16_modbus
from drivers.framing import Sentence
from drivers.gnss import ubx
from drivers.sensirion import words
from tests.captured import FOLDER, require
from tests.fakes import Pieces

require()

STREAMS = {"PMS3003": "pms3003", "PMSx003": "pms5003", "PMS5003T": "pms5003t", "SDS01x": "sds011", "SDS198": "sds198"}


def flips(frame):
    for bit in range(8 * len(frame)):
        flipped = bytearray(frame)
        flipped[bit // 8] ^= 1 << bit % 8
        yield bytes(flipped)


def files(*folders):
    for folder in folders:
        yield from sorted((FOLDER / folder).glob("*.json"))


def particles():
    for path in files("pm-plantower", "pm-sds011"):
        about = json.loads(path.read_text())
        for case in about["cases"]:
            sensor = case.get("sensor", about.get("sensor"))
            if case["kind"] == "decode" and sensor in STREAMS:
                yield pytest.param(STREAMS[sensor], bytes.fromhex(case["in_hex"]), id=case["id"])


def measured(name, frame):
    driver = drivers.load(name)(Pieces([frame]))
    try:
        return dict(driver.measure().values)
    except drivers.DriverError:
        return None


@pytest.mark.parametrize(("name", "frame"), list(particles()))
def test_frames_of_particle_counters(name, frame):
    whole = measured(name, frame)
    assert all(measured(name, flipped) in (None, whole) for flipped in flips(frame))


LOGS = sorted(FOLDER.glob("gnss-*/*.log"))


@pytest.mark.parametrize("log", LOGS, ids=lambda path: path.stem)
def test_sentences_and_frames_of_receivers(log):
    data, shape = log.read_bytes(), Sentence()
    sentences = {line for line in re.findall(rb"\$[^\r\n$]{6,90}\*[0-9A-F]{2}\r?\n", data) if shape.valid(line)}
    frames = [frame for frame in found(data) if len(frame) < 110]
    assert sentences or frames or "rtcm" in log.stem
    for sentence in sorted(sentences)[:60]:
        body = sentence.rstrip()
        for flipped in flips(body):
            assert not shape.valid(flipped + b"\r\n") or same(flipped, body), flipped
    for frame in frames[:60]:
        heads = [flipped for flipped in flips(frame) if flipped.startswith(ubx.FRAME.start)]
        assert not any(ubx.FRAME.valid(flipped) for flipped in heads)


def same(flipped, body):
    """A hex digit of the check sum in lower case is the same check sum; a flip of ``$`` is no sentence at all."""
    return flipped.upper() == body.upper() or not flipped.startswith(b"$")


def found(data):
    """Whole UBX frames of a log."""
    at = data.find(ubx.FRAME.start)
    while at >= 0:
        size = ubx.FRAME.length(data[at : at + 1200])
        frame = data[at : at + max(size, 0)]
        if size > 0 and len(frame) == size and ubx.FRAME.valid(frame):
            yield frame
        at = data.find(ubx.FRAME.start, at + 1)


def whole(reply):
    """Some are recorded because they are not."""
    try:
        return bool(words(reply))
    except BadData:
        return False


def replies():
    for path in files("sht3x", "sht4x", "scd4x", "scd30", "sen5x", "pm-sps30-i2c"):
        about = json.loads(path.read_text())
        texts = [op["r"] for op in about.get("ops", [])] + [case.get("r", "") for case in about.get("cases", [])]
        for number, text in enumerate(texts):
            if text and len(text) % 6 == 0 and whole(bytes.fromhex(text)):
                yield pytest.param(bytes.fromhex(text), id=f"{path.parent.name}/{path.stem}:{number}")


@pytest.mark.parametrize("reply", list(replies()))
def test_words_with_a_crc_each(reply):
    words(reply)
    for flipped in flips(reply):
        with pytest.raises(BadData):
            words(flipped)


def modbus():
    for path in files("modbus-rtu"):
        for number, pair in enumerate(json.loads(path.read_text()).get("good", [])):
            for text in [
                value for value in pair.values() if isinstance(value, str) and re.fullmatch(r"([0-9a-f]{2}){5,}", value)
            ]:
                yield pytest.param(bytes.fromhex(text), id=f"{path.stem}:{number}-{text[:8]}")


@pytest.mark.parametrize("frame", list(modbus()))
def test_modbus_frames(frame):
    if frame[-2:] != crc16_modbus(frame[:-2]).to_bytes(2, "little"):
        pytest.skip("not a whole frame")
    for flipped in flips(frame):
        assert flipped[-2:] != crc16_modbus(flipped[:-2]).to_bytes(2, "little")


def test_enough_was_flipped():
    assert len(list(particles())) >= 14
    assert len(LOGS) >= 12
    assert len(list(replies())) >= 5
    assert len(list(modbus())) >= 20
